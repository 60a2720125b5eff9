// The store as a server sees it that has other things to do: reads and writes end late, in another
// order than they began, or not at all.
import type { Store } from "../storage/store.ts";
import type { Random } from "./random.ts";

interface Options {
  random: Random;
  /** Part of the calls that wait to be let through, and of those that fail. */
  late: number;
  failing: number;
}

export class GatedStore {
  readonly store: Store;
  readonly #options: Options;
  readonly #waiting: (() => void)[] = [];
  #calm = false;
  #dead = false;

  constructor(store: Store, options: Options) {
    this.#options = options;
    this.store = new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        const work = (...args: unknown[]): unknown => Reflect.apply(value, target, args) as unknown;
        return name === "close" ? work : async (...args: unknown[]) => await this.#call(work, args);
      },
    });
  }

  async #call(work: (...args: unknown[]) => unknown, args: unknown[]): Promise<unknown> {
    const { random, late, failing } = this.#options;
    if (this.#dead) throw new Error("planted: the process is gone");
    if (this.#calm) return await work(...args);
    if (random.chance(failing)) throw new Error("planted: the store cannot be read");
    // Before: it sees what was committed meanwhile. After: its answer is old when it comes.
    if (random.chance(late / 2)) await this.#gate();
    const result = await work(...args);
    if (random.chance(late / 2)) await this.#gate();
    return result;
  }

  async #gate(): Promise<void> {
    if (this.#calm) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#dead) throw new Error("planted: the process is gone");
  }

  /** Lets one of the waiting calls go on, whichever came first or not. */
  release(): void {
    const { random } = this.#options;
    this.#waiting.splice(random.below(this.#waiting.length), 1)[0]?.();
  }

  /** Nothing reaches the store any more. */
  die(): void {
    this.#dead = true;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** From now on it is as good as any. */
  calm(): void {
    this.#calm = true;
    for (const go of this.#waiting.splice(0)) go();
  }
}
