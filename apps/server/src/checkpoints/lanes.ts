import { ProtocolError } from "@cairn/shared/errors";

/**
 * One queue a key: work of one key runs one after the other, in the order it was asked for.
 * Mutations of one session share its lane, so two of them never interleave.
 */
export class Lanes {
  #tails = new Map<string, Promise<unknown>>();
  #running = new Set<Promise<unknown>>();
  #draining = false;

  /** Rejects with `shutting_down` once draining has begun. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.#draining) {
      return Promise.reject(
        new ProtocolError("shutting_down", "The server is shutting down. Try again in a moment."),
      );
    }
    const before = this.#tails.get(key);
    const result = before === undefined ? work() : before.then(work, work);
    this.#tails.set(key, result);
    this.track(result);
    const forget = () => {
      if (this.#tails.get(key) === result) this.#tails.delete(key);
    };
    result.then(forget, forget);
    return result;
  }

  /** Makes `drain` wait for background work too. */
  track(work: Promise<unknown>): void {
    this.#running.add(work);
    const forget = () => this.#running.delete(work);
    work.then(forget, forget);
  }

  get draining(): boolean {
    return this.#draining;
  }

  async drain(): Promise<void> {
    this.#draining = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
