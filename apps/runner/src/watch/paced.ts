/**
 * Calls `work` at once, and then at most every `ms`, as long as it is asked for. What is asked
 * for in between comes once, at the end of the pause.
 */
export class Paced {
  readonly #ms: number;
  readonly #work: () => void;
  #pause: NodeJS.Timeout | undefined;
  #again = false;

  constructor(ms: number, work: () => void) {
    this.#ms = ms;
    this.#work = work;
  }

  ask(): void {
    if (this.#pause !== undefined) {
      this.#again = true;
      return;
    }
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.ask();
    }, this.#ms);
    this.#work();
  }

  close(): void {
    clearTimeout(this.#pause);
    this.#again = false;
  }
}
