/** Numbers that come again in the same order for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** In [0, 1). */
  next(): number {
    // Mulberry32.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** A whole number of this range, both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(part: number): boolean {
    return this.next() < part;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }

  /** Each of them with this chance; at least one. */
  some<T>(from: readonly T[], part: number): T[] {
    const chosen = from.filter(() => this.chance(part));
    return chosen.length > 0 ? chosen : [this.pick(from)];
  }

  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let at = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of choices) {
      at -= weight;
      if (at < 0) return value;
    }
    throw new Error("no choice has a weight");
  }

  /** Another row of numbers, so that one more draw here does not move all that come after. */
  fork(): Random {
    return new Random(this.below(2 ** 31));
  }
}

/** `CAIRN_SEED` to repeat a run, else another one each time. */
export function seedOf(given: string | undefined = process.env["CAIRN_SEED"]): number {
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}
