import type { LoggedEvent } from "@cairn/shared/events";
import type { ServiceDeps } from "./deps.ts";
import { findSession } from "./find.ts";

const batch = 500;

/**
 * The events of a session as an async iterable, from the moment it is made or from after a seq:
 * the same truth that sockets get, without any socket. `return()`, or leaving the loop, frees it.
 */
export class LogIterator implements AsyncIterableIterator<LoggedEvent> {
  readonly #deps: ServiceDeps;
  readonly #session_id: string;
  readonly #unlisten: () => void;
  #cursor: Promise<number>;
  #ready: LoggedEvent[] = [];
  #hinted = false;
  #ended = false;
  #wake = () => {};

  constructor(deps: ServiceDeps, session_id: string, after?: number) {
    this.#deps = deps;
    this.#session_id = session_id;
    // Listening comes before the position is read, so that nothing falls between.
    this.#unlisten = deps.bus.listen((hint) => {
      if (hint.session_id !== session_id) return;
      this.#hinted = true;
      this.#wake();
    });
    this.#cursor = findSession(deps.store, session_id).then((session) => after ?? session.seq);
    this.#cursor.catch(() => this.#end());
  }

  async next(): Promise<IteratorResult<LoggedEvent, undefined>> {
    while (!this.#ended) {
      const event = this.#ready.shift();
      if (event !== undefined) return { done: false, value: event };
      this.#hinted = false;
      const after = await this.#cursor;
      this.#ready = await this.#deps.store.events({
        session_id: this.#session_id,
        after,
        limit: batch,
      });
      const last = this.#ready.at(-1);
      if (last !== undefined) this.#cursor = Promise.resolve(last.seq);
      else if (!this.#hinted && !this.#ended) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<LoggedEvent, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    this.#ended = true;
    this.#unlisten();
    this.#wake();
  }
}
