/** Time as the queue needs it; the browser's own, or a test's. */
export interface IngestClock {
  now(): number;
  /** Calls back in the next frame. */
  frame(run: () => void): void;
  timer(run: () => void, ms: number): void;
  hidden(): boolean;
}

export const browserClock: IngestClock = {
  now: () => performance.now(),
  frame: (run) => requestAnimationFrame(run),
  timer: (run, ms) => setTimeout(run, ms),
  hidden: () => document.hidden,
};

const busyRate = 60;
const busyEveryMs = 100;
const hiddenEveryMs = 250;
const windowMs = 500;

/**
 * Gathers what arrives and hands it on in batches: in the next frame while it is at most 60 a
 * second, every 100 ms above that, on a timer while the tab is hidden.
 */
export class IngestQueue<T> {
  #waiting: T[] = [];
  #scheduled = 0;
  #flushedAt = Number.NEGATIVE_INFINITY;
  #windowStart = Number.NEGATIVE_INFINITY;
  #inWindow = 0;
  #inWindowBefore = 0;
  readonly #apply: (batch: T[]) => void;
  readonly #clock: IngestClock;

  constructor(apply: (batch: T[]) => void, clock: IngestClock = browserClock) {
    this.#apply = apply;
    this.#clock = clock;
  }

  push(...items: T[]): void {
    if (items.length === 0) return;
    this.#count(items.length);
    const first = this.#waiting.length === 0;
    this.#waiting.push(...items);
    if (first) this.#schedule();
  }

  /** Hands on at once what waits. */
  flush(): void {
    this.#scheduled += 1;
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#flushedAt = this.#clock.now();
    this.#apply(batch);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#scheduled += 1;
    this.#waiting = [];
  }

  #count(items: number): void {
    const now = this.#clock.now();
    const past = now - this.#windowStart;
    if (past >= windowMs) {
      this.#inWindowBefore = past < 2 * windowMs ? this.#inWindow : 0;
      this.#inWindow = 0;
      this.#windowStart = now;
    }
    this.#inWindow += items;
  }

  #schedule(): void {
    this.#scheduled += 1;
    const mine = this.#scheduled;
    const run = () => {
      if (mine === this.#scheduled) this.flush();
    };
    if (this.#clock.hidden()) {
      this.#clock.timer(run, hiddenEveryMs);
      return;
    }
    const rate = ((this.#inWindow + this.#inWindowBefore) * 1000) / (2 * windowMs);
    const wait = rate > busyRate ? this.#flushedAt + busyEveryMs - this.#clock.now() : 0;
    if (wait > 0) {
      this.#clock.timer(run, wait);
      return;
    }
    this.#clock.frame(run);
    // Frames stop when the tab is hidden between now and then.
    this.#clock.timer(run, hiddenEveryMs);
  }
}
