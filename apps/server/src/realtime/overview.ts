import { randomUUID } from "node:crypto";
import type { Result } from "@cairn/shared/methods";
import type { TransientMessage } from "@cairn/shared/events";
import type { Session } from "@cairn/shared/session";
import type { Store } from "../storage/store.ts";
import { transientFrame } from "./frames.ts";
import type { Outlet, Source } from "./outlet.ts";
import type { Framing } from "./sink.ts";

/** At most four summaries of one session a second. */
const quietMs = 250;
const page = 200;

/** Takes summaries while its sink has room; what it missed it gets afterwards, as it is then. */
class Watcher implements Source {
  readonly outlet: Outlet;
  readonly missed = new Set<string>();
  /** Before the reply, or behind: it only remembers what changes. */
  isWaiting = true;
  readonly #touch: (session_id: string) => void;

  constructor(outlet: Outlet, touch: (session_id: string) => void) {
    this.outlet = outlet;
    this.#touch = touch;
  }

  take(session_id: string, frame: Uint8Array): void {
    if (!this.isWaiting && this.outlet.offer(frame)) return;
    this.missed.add(session_id);
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.outlet.wait(this);
  }

  resume(): void {
    this.isWaiting = false;
    const missed = [...this.missed];
    this.missed.clear();
    for (const session_id of missed) this.#touch(session_id);
  }

  pump(): void {}
}

/** The "*" subscription: all sessions as they are, then each again when it has changed. */
export class Overview {
  readonly #store: Pick<Store, "session" | "sessions">;
  readonly #onError: (error: unknown) => void;
  readonly #show: (session: Session) => Session;
  readonly #watchers = new Set<Watcher>();
  /** Sessions sent within `quietMs`; true when they have changed since. */
  readonly #quiet = new Map<string, { changed: boolean; timer: NodeJS.Timeout }>();
  /** Seq that was last sent, to find out on a slow poll what no hint has told. */
  readonly #sent = new Map<string, number>();

  constructor(
    store: Pick<Store, "session" | "sessions">,
    onError: (error: unknown) => void,
    show: (session: Session) => Session = (session) => session,
  ) {
    this.#store = store;
    this.#onError = onError;
    this.#show = show;
  }

  /** The reply, and what to call once it is on its way. */
  async subscribe(
    outlet: Outlet,
  ): Promise<{ result: Result<"subscribe">; start: () => void; end: () => void }> {
    const watcher = new Watcher(outlet, (session_id) => this.touch(session_id));
    this.#watchers.add(watcher);
    outlet.join();
    try {
      const sessions = await this.#all();
      const result = {
        subscribed: true as const,
        session_id: "*" as const,
        subscription_id: randomUUID(),
        epoch: "",
        seq: 0,
        oldest_seq: 0,
        recovered: true,
        replayed: 0,
        sessions,
      };
      return { result, start: () => watcher.resume(), end: () => this.#end(watcher) };
    } catch (error) {
      this.#end(watcher);
      throw error;
    }
  }

  async #all(): Promise<Session[]> {
    const sessions: Session[] = [];
    let cursor: string | undefined;
    do {
      const { rows, next_cursor } = await this.#store.sessions({ limit: page, cursor });
      sessions.push(...rows.map((row) => this.#show(row)));
      cursor = next_cursor;
    } while (cursor !== undefined);
    for (const { session_id, seq } of sessions) this.#sent.set(session_id, seq);
    return sessions;
  }

  #end(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    watcher.outlet.leave(watcher);
    if (this.#watchers.size === 0) this.close();
  }

  /** Says that a session has changed. */
  touch(session_id: string): void {
    if (this.#watchers.size === 0) return;
    for (const watcher of this.#watchers) if (watcher.isWaiting) watcher.missed.add(session_id);
    const quiet = this.#quiet.get(session_id);
    if (quiet !== undefined) {
      quiet.changed = true;
      return;
    }
    const timer = setTimeout(() => {
      const changed = this.#quiet.get(session_id)?.changed ?? false;
      this.#quiet.delete(session_id);
      if (changed) this.touch(session_id);
    }, quietMs);
    this.#quiet.set(session_id, { changed: false, timer });
    this.#send(session_id).catch(this.#onError);
  }

  async #send(session_id: string): Promise<void> {
    const row = await this.#store.session(session_id);
    const session = row === null || row.deleted_at !== null ? null : this.#show(row);
    if (session === null) this.#sent.delete(session_id);
    else this.#sent.set(session_id, session.seq);
    const frames = new Map<Framing, Uint8Array>();
    for (const watcher of this.#watchers) {
      const { framing } = watcher.outlet.sink;
      const data = { session_id, session };
      const frame =
        frames.get(framing) ?? transientFrame(framing, { event_type: "session_summary", data });
      frames.set(framing, frame);
      watcher.take(session_id, frame);
    }
  }

  /** To everyone who watches; who is behind does without. */
  sendTransient(message: TransientMessage): void {
    const frames = new Map<Framing, Uint8Array>();
    for (const watcher of this.#watchers) {
      if (watcher.isWaiting) continue;
      const { framing } = watcher.outlet.sink;
      const frame = frames.get(framing) ?? transientFrame(framing, message);
      frames.set(framing, frame);
      watcher.outlet.offer(frame);
    }
  }

  /** Looks for changes of which the hint was lost. */
  async heal(): Promise<void> {
    if (this.#watchers.size === 0) return;
    const { rows } = await this.#store.sessions({ limit: page });
    for (const { session_id, seq } of rows) {
      if (this.#sent.get(session_id) !== seq) this.touch(session_id);
    }
  }

  close(): void {
    for (const { timer } of this.#quiet.values()) clearTimeout(timer);
    this.#quiet.clear();
    this.#sent.clear();
  }
}
