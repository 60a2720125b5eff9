import type { EventLine } from "../storage/store.ts";

/** An event that is kept. */
export interface RingItem {
  readonly seq: number;
  readonly line: EventLine;
  /** Paths that its checkpoint changed; null until somebody asks for them. */
  paths: readonly string[] | null;
}

export interface RingBounds {
  events: number;
  /** Of JSON. */
  bytes: number;
}

export const ringBounds: RingBounds = { events: 1_000, bytes: 4 * 1024 * 1024 };

function sizeOf({ line, paths }: RingItem): number {
  let size = line.json.length;
  for (const path of paths ?? []) size += path.length;
  return size;
}

/** The last events of a log without a gap, bounded by count and bytes; the newest always stays. */
export class Ring {
  readonly #bounds: RingBounds;
  #items: RingItem[] = [];
  /** Where the items begin: what is before has been dropped, and is cut off now and then. */
  #begin = 0;
  #bytes = 0;
  #from: number;

  constructor(from: number, bounds: RingBounds) {
    this.#from = from;
    this.#bounds = bounds;
  }

  /** Every event after this seq is here. */
  get from(): number {
    return this.#from;
  }

  get size(): number {
    return this.#items.length - this.#begin;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(seq: number): RingItem | undefined {
    return seq <= this.#from ? undefined : this.#items[this.#begin + seq - this.#from - 1];
  }

  /** Items after a seq, oldest first. */
  *after(seq: number): Generator<RingItem> {
    for (let at = Math.max(seq, this.#from) + 1; ; at += 1) {
      const item = this.get(at);
      if (item === undefined) return;
      yield item;
    }
  }

  /** Adds the next event, and drops what is now too much. */
  append(item: RingItem): void {
    this.#items.push(item);
    this.#bytes += sizeOf(item);
    while (this.size > 1 && this.#isOver()) this.#drop();
    if (this.#begin > 512 && this.#begin * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#begin);
      this.#begin = 0;
    }
  }

  #isOver(): boolean {
    return this.size > this.#bounds.events || this.#bytes > this.#bounds.bytes;
  }

  #drop(): void {
    const item = this.#items[this.#begin];
    if (item === undefined) return;
    // Not kept alive by its place.
    this.#items[this.#begin] = undefined as unknown as RingItem;
    this.#begin += 1;
    this.#from = item.seq;
    this.#bytes -= sizeOf(item);
  }

  /** Whether older events, back to after `seq`, may fit. */
  reaches(seq: number, head: number): boolean {
    return head - seq <= this.#bounds.events && this.#bytes < this.#bounds.bytes;
  }

  /** Puts older events, without a gap, before the oldest: as many of the newest as there is room. */
  prepend(older: readonly RingItem[]): void {
    let first = older.length;
    while (first > 0) {
      const item = older[first - 1];
      // Not the one right before: the log was trimmed, or the ring has moved on.
      if (item?.seq !== this.#from - (older.length - first)) break;
      const size = sizeOf(item);
      const count = this.size + older.length - first + 1;
      if (count > this.#bounds.events || this.#bytes + size > this.#bounds.bytes) break;
      this.#bytes += size;
      first -= 1;
    }
    const fitting = older.slice(first);
    this.#items = [...fitting, ...this.#items.slice(this.#begin)];
    this.#begin = 0;
    this.#from -= fitting.length;
  }

  /** Paths of an item became known. */
  addPaths(item: RingItem, paths: readonly string[]): void {
    this.#bytes -= sizeOf(item);
    item.paths = paths;
    this.#bytes += sizeOf(item);
  }

  /** Begins anew after a seq. */
  reset(from: number): void {
    this.#items = [];
    this.#begin = 0;
    this.#bytes = 0;
    this.#from = from;
  }
}
