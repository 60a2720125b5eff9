import type { Timers } from "../realtime/timers.ts";

interface Timer {
  at: number;
  work: () => void;
}

/** Time that passes when a test says so; what is due soon comes by itself. */
export class ManualTimers implements Timers {
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.#now + ms, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  soon(work: () => void): () => void {
    const immediate = setImmediate(work);
    return () => clearImmediate(immediate);
  }

  /** Runs what falls due within the next `ms`, in this very turn. */
  passAtOnce(ms: number): void {
    this.#now += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now);
    for (const timer of due.toSorted((a, b) => a.at - b.at)) {
      this.#timers.delete(timer);
      timer.work();
    }
  }

  /** Runs what falls due within the next `ms`, in order, and lets what follows from it happen. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const due = [...this.#timers].filter(({ at }) => at <= end);
      const [first] = due.toSorted((a, b) => a.at - b.at);
      if (first === undefined) break;
      this.#timers.delete(first);
      this.#now = Math.max(this.#now, first.at);
      first.work();
    }
    this.#now = end;
    await settled();
  }
}

/** Enough turns for what is at work to end: reads of the log take several. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
