interface Held {
  /** Which worker thread prepared it. */
  thread: string;
  release: () => void;
}

/** Restores between `prepare` and `settle` or `abandon`, and the locks they hold. */
export class Operations {
  readonly #held = new Map<string, Held>();

  hold(operationId: string, held: Held): void {
    this.#held.set(operationId, held);
  }

  get(operationId: string): Held | undefined {
    return this.#held.get(operationId);
  }

  /** Whether a restore was prepared in the thread and has not ended. */
  uses(thread: string): boolean {
    return [...this.#held.values()].some((held) => held.thread === thread);
  }

  end(operationId: string): void {
    this.#held.get(operationId)?.release();
    this.#held.delete(operationId);
  }
}
