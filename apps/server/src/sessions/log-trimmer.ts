import type { Bus } from "../bus/bus.ts";
import type { Log } from "../checkpoints/deps.ts";
import { idempotencyMs } from "../storage/store.ts";
import type { Store } from "../storage/store.ts";

/** What a session's log keeps: what is beyond either bound goes. */
export interface LogBound {
  events: number;
  days: number;
}

/** Rows that one transaction takes away: a few ms of the thread. */
const slice = 500;
const page = 200;
const dayMs = 24 * 60 * 60 * 1000;

/** How long it waits, in ms; each pause is spread by a quarter both ways. */
export interface TrimPauses {
  /** From the first event over the bound to the trimming, so that many go at once. */
  settleMs: number;
  /** Between two slices. */
  breathMs: number;
  /** Between two looks at everything, for what is old. */
  sweepMs: number;
}

const usualPauses: TrimPauses = { settleMs: 5_000, breathMs: 20, sweepMs: 60 * 60 * 1000 };

interface Options {
  store: Store;
  bus: Pick<Bus, "listen">;
  bound: LogBound;
  now: () => number;
  log: Log;
  /** Events that were dropped. */
  onTrimmed?: (events: number) => void;
  pauses?: TrimPauses;
  /** From 0 to 1. */
  random?: () => number;
}

/**
 * Keeps logs within their bound, and forgets answers under idempotency keys after their day. It
 * works in slices with pauses between, so that nobody waits for it, and sleeps while no log grows.
 */
export class LogTrimmer {
  readonly #options: Options;
  readonly #pauses: TrimPauses;
  /** A log is trimmed when it is this long: else each event more would be a transaction. */
  readonly #most: number;
  readonly #grown = new Set<string>();
  readonly #unlisten: () => void;
  #growTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;
  #lane: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#pauses = options.pauses ?? usualPauses;
    const { events } = options.bound;
    this.#most = events + Math.floor(events / 100);
    this.#unlisten = options.bus.listen(({ session_id, seq }) => {
      if (seq > this.#most) this.#hasGrown(session_id);
    });
    this.#sweepIn(this.#pauses.settleMs);
  }

  #hasGrown(session_id: string): void {
    this.#grown.add(session_id);
    this.#growTimer ??= setTimeout(() => {
      this.#growTimer = undefined;
      const grown = [...this.#grown];
      this.#grown.clear();
      this.#queue(async () => {
        for (const id of grown) await this.#trim(id);
      });
    }, this.#spread(this.#pauses.settleMs)).unref();
  }

  #sweepIn(ms: number): void {
    this.#sweepTimer = setTimeout(() => {
      this.#queue(async () => await this.#sweep());
      this.#sweepIn(this.#pauses.sweepMs);
    }, this.#spread(ms)).unref();
  }

  #queue(work: () => Promise<void>): void {
    if (this.#closed) return;
    // What failed is tried again at the next look at everything.
    this.#lane = this.#lane.then(work).catch((error: unknown) => {
      this.#options.log.error({ err: error }, "an event log could not be trimmed");
    });
  }

  #spread(ms: number): number {
    const { random = Math.random } = this.#options;
    return ms * (0.75 + random() / 2);
  }

  async #sweep(): Promise<void> {
    const { store } = this.#options;
    for (const list of [store.sessions.bind(store), store.deletedSessions.bind(store)]) {
      let cursor: string | undefined;
      do {
        const { rows, next_cursor } = await list({ limit: page, cursor });
        for (const { session_id } of rows) {
          if (this.#closed) return;
          await this.#trim(session_id);
        }
        cursor = next_cursor;
        await this.#breathe();
      } while (cursor !== undefined && !this.#closed);
    }
    await this.#forgetAnswers();
  }

  async #forgetAnswers(): Promise<void> {
    const { store, now } = this.#options;
    const before = new Date(now() - idempotencyMs).toISOString();
    while (!this.#closed) {
      const gone = await store.transact((tx) => tx.expireIdempotent(before, slice));
      if (gone < slice) return;
      await this.#breathe();
    }
  }

  async #trim(session_id: string): Promise<void> {
    const { store, bound, now, onTrimmed } = this.#options;
    const before = new Date(now() - bound.days * dayMs).toISOString();
    let oldest = await this.#oldestToGo(session_id, before);
    while (oldest !== null && !this.#closed) {
      const from = oldest;
      const at = await store.transact(async (tx) => {
        // Purged meanwhile: its log is gone as a whole.
        if ((await tx.position(session_id)) === null) return from;
        return await tx.trimLog(session_id, { keep: bound.events, before, limit: slice });
      });
      onTrimmed?.(at - from);
      if (at - from < slice) return;
      oldest = at;
      await this.#breathe();
    }
  }

  /** Seq of the oldest event when it is to go: most logs are only looked at. */
  async #oldestToGo(session_id: string, before: string): Promise<number | null> {
    const { store } = this.#options;
    const position = await store.position(session_id);
    if (position === null || position.seq <= position.oldest_seq) return null;
    const { seq, oldest_seq } = position;
    if (seq - oldest_seq + 1 > this.#most) return oldest_seq;
    const [event] = await store.events({ session_id, after: oldest_seq - 1, limit: 1 });
    return event !== undefined && event.data.timestamp < before ? oldest_seq : null;
  }

  async #breathe(): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#spread(this.#pauses.breathMs)).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Resolves once a slice that is at work has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unlisten();
    clearTimeout(this.#growTimer);
    clearTimeout(this.#sweepTimer);
    this.#wake();
    await this.#lane;
  }
}
