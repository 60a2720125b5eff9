import type { Surroundings } from "../surroundings.ts";

/** Time stands still until the test moves it. */
export class ManualSurroundings implements Surroundings {
  #now = 1_000_000;
  #timers = new Map<number, { at: number; run: () => void }>();
  #made = 0;
  readonly #listeners = new Set<() => void>();
  shown = true;
  chance = 1;

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    this.#made += 1;
    const key = this.#made;
    this.#timers.set(key, { at: this.#now + ms, run });
    return () => void this.#timers.delete(key);
  }

  random(): number {
    return this.chance;
  }

  visible(): boolean {
    return this.shown;
  }

  onHint(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Runs what falls due within the next `ms`, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      const first = due.toSorted(([, a], [, b]) => a.at - b.at)[0];
      if (first === undefined) break;
      this.#timers.delete(first[0]);
      this.#now = Math.max(this.#now, first[1].at);
      first[1].run();
    }
    this.#now = end;
  }

  /** The network is back, or the page is shown. */
  hint(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Throws when a timer or listener is still held. */
  mustBeReleased(): void {
    const held = this.#timers.size + this.#listeners.size;
    if (held > 0) throw new Error(`${held} timers and listeners were left after close`);
  }
}
