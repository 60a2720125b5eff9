import type { Session } from "@cairn/shared/session";
import type { ServiceMessage } from "../checkpoints/long-calls.ts";

/** What is true of a session at the moment and stands in no row. */
export type Live = Pick<Session, "auto_state" | "dirty_files" | "retention_state">;

/** The facts of the moment of all sessions, and who is told when they change. */
export class LiveFacts {
  readonly #facts = new Map<string, Live>();
  readonly #send: (message: ServiceMessage) => void;
  readonly #clearings = new Set<(session_id: string) => void>();

  constructor(send: (message: ServiceMessage) => void) {
    this.#send = send;
  }

  /** A session as answers and summaries show it. */
  show(session: Session): Session {
    const facts = this.#facts.get(session.session_id);
    return facts === undefined ? session : { ...session, ...facts };
  }

  has(session_id: string, fact: keyof Live): boolean {
    return this.#facts.get(session_id)?.[fact] !== undefined;
  }

  /** What is known of a session, for one that begins to watch it now. */
  messages(session_id: string): ServiceMessage[] {
    return messagesOf(session_id, this.#facts.get(session_id) ?? {});
  }

  /** Sets some of a session's facts, and tells whoever watches of what is no longer as it was. */
  set(session_id: string, change: Live): void {
    const before = this.#facts.get(session_id) ?? {};
    this.#facts.set(session_id, { ...before, ...change });
    const told = new Set(messagesOf(session_id, before).map((message) => JSON.stringify(message)));
    for (const message of messagesOf(session_id, change)) {
      if (!told.has(JSON.stringify(message))) this.#send(message);
    }
  }

  /** Forgets a fact that is known no more. No message says so: it is absent in what is shown. */
  clear(session_id: string, fact: keyof Live): void {
    const before = this.#facts.get(session_id);
    if (before?.[fact] === undefined) return;
    const { [fact]: _, ...rest } = before;
    this.#facts.set(session_id, rest);
    for (const listener of this.#clearings) listener(session_id);
  }

  /** Calls back for a session that is to be shown anew, as it has lost a fact. */
  onCleared(listener: (session_id: string) => void): () => void {
    this.#clearings.add(listener);
    return () => this.#clearings.delete(listener);
  }

  /** For a session that is closed or gone. */
  forget(session_id: string): void {
    this.#facts.delete(session_id);
  }
}

function messagesOf(session_id: string, { auto_state, dirty_files }: Live): ServiceMessage[] {
  const messages: ServiceMessage[] = [];
  if (dirty_files !== undefined) {
    messages.push({ event_type: "workspace_dirty", data: { session_id, dirty_files } });
  }
  if (auto_state !== undefined) {
    messages.push({ event_type: "auto_state", data: { session_id, auto_state } });
  }
  return messages;
}
