import { ProtocolError } from "@cairn/shared/errors";

interface Held {
  /** Which worker thread prepared it. */
  thread: string;
  release: () => void;
}

/** Restores between `prepare` and `settle` or `abandon`, and the locks they hold. */
export class Operations {
  /** Null while it is being prepared. */
  readonly #held = new Map<string, Held | null>();

  /**
   * Takes an id until `end`. Two restores under one id would share a journal, so that one would
   * carry out the other's plan.
   */
  claim(operationId: string): void {
    if (this.#held.has(operationId)) {
      throw new ProtocolError(
        "invalid_params",
        `operation_id ${operationId} is already taken by a restore at work. Choose a new one.`,
      );
    }
    this.#held.set(operationId, null);
  }

  hold(operationId: string, held: Held): void {
    this.#held.set(operationId, held);
  }

  get(operationId: string): Held | undefined {
    return this.#held.get(operationId) ?? undefined;
  }

  /** Whether a restore was prepared in the thread and has not ended. */
  uses(thread: string): boolean {
    return [...this.#held.values()].some((held) => held?.thread === thread);
  }

  end(operationId: string): void {
    this.#held.get(operationId)?.release();
    this.#held.delete(operationId);
  }
}
