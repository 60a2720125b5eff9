import type { Timers } from "./timers.ts";

interface Options {
  /** Events a frame, and what may be waited for more, in ms. */
  max: number;
  interval_ms: number;
}

/** When a subscription with `batch` sends: the first event at once, what follows collected. */
export class Pace {
  readonly max: number;
  readonly #intervalMs: number;
  readonly #timers: Timers;
  readonly #onDue: () => void;
  #notBefore = 0;
  #cancel: (() => void) | null = null;

  constructor({ max, interval_ms }: Options, timers: Timers, onDue: () => void) {
    this.max = max;
    this.#intervalMs = interval_ms;
    this.#timers = timers;
    this.#onDue = onDue;
  }

  /** Whether `count` events may go now; else `onDue` is called when they may. */
  isDue(count: number): boolean {
    if (count >= this.max) return true;
    const pause = this.#notBefore - this.#timers.now();
    if (pause <= 0) return true;
    this.#cancel ??= this.#timers.after(pause, () => {
      this.#cancel = null;
      this.#onDue();
    });
    return false;
  }

  sent(): void {
    this.end();
    this.#notBefore = this.#timers.now() + this.#intervalMs;
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
