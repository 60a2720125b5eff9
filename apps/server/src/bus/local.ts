import type { Bus, Hint } from "./bus.ts";

/**
 * Hints within one process. Listeners hear a hint in the microtask after `publish`, in the order
 * published: whoever has committed goes on first, and no listener runs inside a caller's stack.
 */
export class LocalBus implements Bus {
  readonly #listeners = new Set<(hint: Hint) => void>();
  readonly #onError: (error: unknown) => void;

  /** `onError` is told what a listener threw; the others hear the hint all the same. */
  constructor(onError: (error: unknown) => void = console.error) {
    this.#onError = onError;
  }

  publish(hint: Hint): void {
    queueMicrotask(() => this.#deliver(hint));
  }

  #deliver(hint: Hint): void {
    // A copy: those who join in the middle of a hint hear the next one.
    for (const listener of Array.from(this.#listeners)) {
      if (!this.#listeners.has(listener)) continue;
      try {
        listener(hint);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  listen(listener: (hint: Hint) => void): () => void {
    // A function of its own, so that the same listener twice is two that end apart.
    const heard = (hint: Hint): void => listener(hint);
    this.#listeners.add(heard);
    return () => void this.#listeners.delete(heard);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }
}
