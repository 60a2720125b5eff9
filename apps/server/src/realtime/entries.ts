import type { EventLine } from "../storage/store.ts";
import type { Chunk } from "./chunk.ts";

/** An event of a class; `prev` is the seq of the one before, or where the class began. */
export class Entry {
  readonly seq: number;
  readonly line: EventLine;
  prev: number;
  /** The event by itself, once it was encoded. */
  chunk: Chunk | null = null;

  constructor(line: EventLine, prev: number) {
    this.seq = line.seq;
    this.line = line;
    this.prev = prev;
  }
}

/** Events of a class in the order of their log. */
export class Entries {
  #entries: Entry[] = [];
  /** Where they begin: what is before has been dropped, and is cut off now and then. */
  #begin = 0;

  get size(): number {
    return this.#entries.length - this.#begin;
  }

  get first(): Entry | undefined {
    return this.#entries[this.#begin];
  }

  get last(): Entry | undefined {
    return this.size === 0 ? undefined : this.#entries.at(-1);
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  unshift(older: readonly Entry[]): void {
    this.#entries = [...older, ...this.#entries.slice(this.#begin)];
    this.#begin = 0;
  }

  shift(): void {
    this.#entries[this.#begin] = undefined as unknown as Entry;
    this.#begin += 1;
    if (this.#begin > 512 && this.#begin * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#begin);
      this.#begin = 0;
    }
  }

  clear(): void {
    this.#entries = [];
    this.#begin = 0;
  }

  at(index: number): Entry | undefined {
    return this.#entries[index];
  }

  slice(begin: number, end: number): Entry[] {
    return this.#entries.slice(begin, end);
  }

  /** Index, for `at`, of the first after a seq. */
  indexAfter(seq: number): number {
    const end = this.#entries.length;
    // Nearly always somebody live asks for the newest.
    const newest = this.last;
    if (newest === undefined || newest.seq <= seq) return end;
    if (this.size === 1 || newest.prev <= seq) return end - 1;
    let low = this.#begin;
    let high = end - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let index = this.#begin; index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry !== undefined) yield entry;
    }
  }
}
