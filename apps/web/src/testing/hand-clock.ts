import type { IngestClock } from "../state/ingest.ts";

/** A clock that a test moves: frames of 16 ms unless hidden, timers by time. */
export class HandClock implements IngestClock {
  isHidden = false;
  #now = 0;
  #frames: (() => void)[] = [];
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  hidden(): boolean {
    return this.isHidden;
  }

  frame(run: () => void): void {
    this.#frames.push(run);
  }

  timer(run: () => void, ms: number): void {
    this.#timers.push({ at: this.#now + ms, run });
  }

  /** Lets time pass, a millisecond at a time. */
  pass(ms: number): void {
    for (let step = 0; step < ms; step += 1) {
      this.#now += 1;
      const due = this.#timers.filter((timer) => timer.at <= this.#now);
      this.#timers = this.#timers.filter((timer) => timer.at > this.#now);
      for (const { run } of due) run();
      if (this.isHidden || this.#now % 16 !== 0) continue;
      const frames = this.#frames;
      this.#frames = [];
      for (const run of frames) run();
    }
  }
}
