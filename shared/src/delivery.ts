interface Turn {
  run: () => unknown;
  done?: () => void;
  failed: (error: Error) => void;
}

function toError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

/** Calls an owner, one thing after the other, so that a throwing one keeps nothing from others. */
export class Delivery {
  readonly #waits: boolean;
  #turns: Turn[] = [];
  #busy = false;

  /** `waits`: for the promise of one thing before the next is begun. */
  constructor(waits: boolean) {
    this.#waits = waits;
  }

  add(turn: Turn): void {
    this.#turns.push(turn);
    if (!this.#busy) this.#go();
  }

  /** Nothing more is begun of what waits. */
  clear(): void {
    this.#turns = [];
  }

  #go(): void {
    this.#busy = true;
    for (let turn = this.#turns.shift(); turn !== undefined; turn = this.#turns.shift()) {
      const promised = this.#begin(turn);
      if (promised !== null) {
        void promised.then(() => this.#go());
        return;
      }
    }
    this.#busy = false;
  }

  /** Null when the next may begin; else a promise that is never rejected. */
  #begin({ run, done, failed }: Turn): PromiseLike<void> | null {
    try {
      const result = run();
      if (isPromise(result)) {
        const settled = result.then(this.#waits ? done : undefined, (cause: unknown) =>
          failed(toError(cause)),
        );
        if (this.#waits) return settled;
      }
      done?.();
    } catch (cause) {
      failed(toError(cause));
    }
    return null;
  }
}
