import type { LiveEvent } from "@cairn/shared/events";
import type { IngestClock } from "./ingest.ts";

const cap = 500;
/** Four times a second is as fast as a person reads a feed. */
const everyMs = 250;

/** The latest raw events of a session, oldest first, at most 500. */
export class FeedLog {
  #events: LiveEvent[] = [];
  #snapshot: readonly LiveEvent[] = [];
  #pending = false;
  readonly #listeners = new Set<() => void>();
  readonly #clock: IngestClock;

  constructor(clock: IngestClock) {
    this.#clock = clock;
  }

  push(events: readonly LiveEvent[]): void {
    this.#events = [...this.#events, ...events].slice(-cap);
    if (this.#pending) return;
    this.#pending = true;
    this.#clock.timer(() => this.#publish(), everyMs);
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): readonly LiveEvent[] => this.#snapshot;

  #publish(): void {
    this.#pending = false;
    this.#snapshot = this.#events;
    for (const listener of this.#listeners) listener();
  }
}
