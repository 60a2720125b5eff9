import type { Timers } from "./timers.ts";

/** Work that is done soon, once, however often it was asked for meanwhile. */
export interface Job {
  /** Goes on for as long as `isTime`; true when it had to stop before it was done. */
  run(isTime: () => boolean): boolean | void;
}

export interface SliceTimes {
  /** For how long the thread is held at a time. */
  holdMs: number;
  /** The longest pause in which more work is collected. */
  pauseMs: number;
}

const sliceTimes: SliceTimes = { holdMs: 2.5, pauseMs: 5 };

/**
 * Does jobs in the order in which they were added, a slice of time at a time, so that a fan-out
 * to thousands of sockets never holds the thread for long. After a round it pauses for as long as
 * that took, at most `pauseMs`: what comes in between goes out together, and under load the
 * rounds get rarer and larger, while a single watcher waits for nothing.
 */
export class Slices {
  readonly #timers: Timers;
  readonly #times: SliceTimes;
  readonly #onError: (error: unknown) => void;
  readonly #jobs = new Set<Job>();
  #cancel: (() => void) | null = null;
  /** Time that the round at work has taken, and before which none begins. */
  #taken = 0;
  #notBefore = 0;
  #closed = false;

  /** A job that throws costs the others nothing. */
  constructor(timers: Timers, onError: (error: unknown) => void, times: SliceTimes = sliceTimes) {
    this.#timers = timers;
    this.#onError = onError;
    this.#times = times;
  }

  add(job: Job): void {
    if (this.#closed) return;
    this.#jobs.add(job);
    if (this.#cancel !== null) return;
    const pause = this.#notBefore - this.#timers.now();
    // Timers are no finer than a millisecond.
    this.#cancel = pause < 1 ? this.#timers.soon(this.#run) : this.#timers.after(pause, this.#run);
  }

  readonly #run = (): void => {
    const { holdMs, pauseMs } = this.#times;
    const began = this.#timers.now();
    let now = began;
    const isTime = (): boolean => {
      now = this.#timers.now();
      return now - began < holdMs;
    };
    // Jobs that are added meanwhile come at the end, and are done in this round too.
    for (const job of this.#jobs) {
      this.#jobs.delete(job);
      try {
        if (job.run(isTime) === true) this.#jobs.add(job);
      } catch (error) {
        this.#onError(error);
      }
      if (!isTime()) break;
    }
    this.#taken += now - began;
    if (this.#jobs.size > 0 && !this.#closed) {
      this.#cancel = this.#timers.soon(this.#run);
      return;
    }
    this.#cancel = null;
    this.#notBefore = now + Math.min(this.#taken, pauseMs);
    this.#taken = 0;
  };

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#jobs.clear();
  }
}
