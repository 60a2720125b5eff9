import type { Session } from "@cairn/shared/session";
import type { ServiceMessage } from "../checkpoints/long-calls.ts";

/** What is true of a session at the moment and stands in no row. */
export type Live = Pick<Session, "auto_state" | "dirty_files" | "retention_state">;

/** The facts of the moment of all sessions, and who is told when they change. */
export class LiveFacts {
  readonly #facts = new Map<string, Live>();
  readonly #send: (message: ServiceMessage) => void;

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

  /** Sets some of a session's facts, and tells whoever watches of what is no longer as it was. */
  set(session_id: string, change: Live): void {
    const before = this.#facts.get(session_id) ?? {};
    this.#facts.set(session_id, { ...before, ...change });
    const { auto_state, dirty_files } = change;
    if (dirty_files !== undefined && dirty_files !== before.dirty_files) {
      this.#send({ event_type: "workspace_dirty", data: { session_id, dirty_files } });
    }
    if (auto_state !== undefined && !isSame(auto_state, before.auto_state)) {
      this.#send({ event_type: "auto_state", data: { session_id, auto_state } });
    }
  }

  clear(session_id: string, fact: keyof Live): void {
    const { [fact]: _, ...rest } = this.#facts.get(session_id) ?? {};
    this.#facts.set(session_id, rest);
  }

  /** For a session that is closed or gone. */
  forget(session_id: string): void {
    this.#facts.delete(session_id);
  }
}

function isSame(a: object, b: object | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
