import type { EventLine } from "../storage/store.ts";
import type { Bounds, Chunk } from "./chunk.ts";
import { Entries, Entry } from "./entries.ts";
import { aboutBatch, batched, spliced } from "./frames.ts";
import type { Ring, RingItem } from "./ring.ts";
import type { Selection } from "./selection.ts";
import type { Framing } from "./sink.ts";

/** Whoever is told that there is something to send. */
export interface Member {
  /** What everyone has next who had everything before it; null when that is too much at once. */
  take(news: Chunk | null): void;
  /** The log began anew. */
  lose(): void;
}

/** Encoded bytes that the classes of one log keep between them. */
export interface Kept {
  bytes: number;
}

interface Options {
  selection: Selection;
  framing: Framing;
  ring: Ring;
  /** Seq after which it begins. */
  from: number;
  /** What may be sent at once to a sink that holds nothing. */
  atOnce: Omit<Bounds, "until">;
  kept: Kept;
}

/** Chunks of several events that are kept: of the latest burst, and of replays of one range. */
const keptChunks = 8;
/** Members, or events, between two looks at the clock. */
const step = 32;

/**
 * The events of a ring that pass one selection, encoded once for all subscriptions that want the
 * same in the same framing.
 */
export class EventClass {
  readonly selection: Selection;
  readonly framing: Framing;
  readonly members = new Set<Member>();
  readonly #options: Options;
  readonly #entries = new Entries();
  #from: number;
  #latest: number;
  #chunks: { key: string; chunk: Chunk }[] = [];
  /** Those whose turn is still to come in the round at work, and what they are given. */
  #round: Iterator<Member, undefined> | null = null;
  #news: Chunk | null = null;
  /** Up to where the rounds have told. */
  #told: number;

  constructor(options: Options) {
    this.#options = options;
    this.selection = options.selection;
    this.framing = options.framing;
    this.#from = options.from;
    this.#latest = options.from;
    this.#told = options.from;
  }

  /** Every event of the class after this seq is here. */
  get from(): number {
    return this.#from;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether there is no event of the class after a seq, up to another. */
  isNoneIn(after: number, until: number): boolean {
    if (this.#latest <= after) return true;
    const entry = this.#entries.at(this.#entries.indexAfter(after));
    return entry === undefined || entry.seq > until;
  }

  /** A job: gives everyone what is new since the round before. */
  run(isTime: () => boolean): boolean {
    if (this.#round === null) {
      this.#round = this.members.values();
      this.#news = this.#allAfter(this.#told);
      this.#told = this.#latest;
    }
    // A clock is read for several, not for each.
    for (let count = 1; ; count += 1) {
      const { done, value } = this.#round.next();
      if (done === true) break;
      value.take(this.#news);
      if (count % step === 0 && !isTime()) return true;
    }
    this.#round = null;
    this.#news = null;
    // What came in the middle of the round is for another one.
    return this.#told < this.#latest;
  }

  #allAfter(seq: number): Chunk | null {
    if (seq < this.#from) return null;
    const chunk = this.chunk(seq, { ...this.#options.atOnce, until: Infinity });
    return chunk?.seqs.at(-1) === this.#latest ? chunk : null;
  }

  #wants(item: RingItem): boolean {
    return this.selection.matches(item.line, item.paths ?? []);
  }

  /** Takes the ring's newest; whether it is of this class. */
  append(item: RingItem): boolean {
    if (!this.#wants(item)) return false;
    this.#entries.push(new Entry(item.line, this.#latest));
    this.#latest = item.seq;
    return true;
  }

  /** Lets go of what the ring has let go of, and of more than `most`. */
  trim(most: number): void {
    const { ring } = this.#options;
    for (;;) {
      const { first } = this.#entries;
      if (first === undefined || (first.seq > ring.from && this.#entries.size <= most)) return;
      this.#from = first.seq;
      this.#options.kept.bytes -= first.chunk?.bytes.length ?? 0;
      this.#entries.shift();
    }
  }

  /** Begins anew after a seq: what was before is not known. */
  reset(from: number): void {
    this.forget();
    this.#entries.clear();
    this.#from = from;
    this.#latest = from;
    this.#told = from;
  }

  /** Keeps no encoded bytes: they are made again when they are wanted again. */
  forget(): void {
    const { kept } = this.#options;
    for (const { chunk } of this.#chunks) kept.bytes -= chunk.bytes.length;
    this.#chunks = [];
    for (const entry of this.#entries) {
      kept.bytes -= entry.chunk?.bytes.length ?? 0;
      entry.chunk = null;
    }
  }

  /**
   * Looks for older events in the ring, back to after a seq, for as long as `isTime`; false when
   * it had to stop before it was done.
   */
  cover(after: number, isTime: () => boolean): boolean {
    const { ring } = this.#options;
    const to = Math.max(after, ring.from);
    const older: RingItem[] = [];
    let seq = this.#from;
    while (seq > to) {
      const item = ring.get(seq);
      if (item === undefined) break;
      if (this.#wants(item)) older.push(item);
      seq -= 1;
      if ((this.#from - seq) % step === 0 && !isTime()) break;
    }
    if (seq < this.#from) this.#putBefore(older.toReversed(), seq);
    return this.#from <= to;
  }

  #putBefore(items: readonly RingItem[], from: number): void {
    const { first } = this.#entries;
    let prev = from;
    const older = items.map((item) => {
      const entry = new Entry(item.line, prev);
      prev = item.seq;
      return entry;
    });
    this.#from = from;
    if (first === undefined) this.#latest = prev;
    else if (first.prev !== prev) {
      // Now its true predecessor is known.
      this.forget();
      first.prev = prev;
    }
    this.#entries.unshift(older);
  }

  /** How many there are after a seq, up to another. */
  count(after: number, until = Infinity): number {
    return Math.max(0, this.#entries.indexAfter(until) - this.#entries.indexAfter(after));
  }

  /** Those after a seq, as they are, for whoever has to encode them apart. */
  list(after: number, { events, until }: Pick<Bounds, "events" | "until">): EventLine[] {
    const first = this.#entries.indexAfter(after);
    const entries = this.#entries.slice(first, first + events);
    return entries.filter(({ seq }) => seq <= until).map(({ line }) => line);
  }

  #single(entry: Entry): Chunk {
    if (entry.chunk !== null) return entry.chunk;
    const { line, seq, prev } = entry;
    const { event_type, epoch, json } = line;
    const bytes = this.framing(spliced(json, prev), { event_type, epoch, seq });
    this.#options.kept.bytes += bytes.length;
    return (entry.chunk = { bytes, seqs: [seq], prev });
  }

  /** The next events after a seq, a frame each; null when there are none. */
  chunk(after: number, bounds: Bounds): Chunk | null {
    const range = this.#range(after, bounds, (entry) => this.#single(entry).bytes.length);
    const first = this.#entries.at(range.begin);
    if (first === undefined || range.begin === range.end) return null;
    if (range.end === range.begin + 1) return this.#single(first);
    return this.#chunkOf(range, "", (entries) =>
      Buffer.concat(entries.map((entry) => this.#single(entry).bytes)),
    );
  }

  /** The next events after a seq in one frame; null when there are none. */
  batch(after: number, bounds: Bounds): Chunk | null {
    const range = this.#range(
      after,
      bounds,
      ({ line, prev }) => spliced(line.json, prev).length + 1,
    );
    if (range.begin === range.end) return null;
    return this.#chunkOf(range, "batch", (entries) =>
      this.framing(batched(entries.map(({ line, prev }) => spliced(line.json, prev))), aboutBatch),
    );
  }

  /** Indexes of what is next within bounds. */
  #range(
    after: number,
    bounds: Bounds,
    sizeOf: (entry: Entry) => number,
  ): { begin: number; end: number } {
    const begin = this.#entries.indexAfter(after);
    let end = begin;
    for (let size = 0; end < begin + bounds.events; end += 1) {
      const entry = this.#entries.at(end);
      if (entry === undefined || entry.seq > bounds.until) break;
      size += sizeOf(entry);
      if (size > bounds.bytes && end > begin) break;
    }
    return { begin, end };
  }

  #chunkOf(
    { begin, end }: { begin: number; end: number },
    kind: string,
    encode: (entries: readonly Entry[]) => Uint8Array,
  ): Chunk {
    const key = `${kind} ${this.#entries.at(begin)?.seq} ${this.#entries.at(end - 1)?.seq}`;
    const known = this.#chunks.find((other) => other.key === key);
    if (known !== undefined) return known.chunk;
    const entries = this.#entries.slice(begin, end);
    const seqs = entries.map(({ seq }) => seq);
    const chunk = { bytes: encode(entries), seqs, prev: entries[0]?.prev ?? 0 };
    const { kept } = this.#options;
    if (this.#chunks.length === keptChunks) {
      kept.bytes -= this.#chunks.shift()?.chunk.bytes.length ?? 0;
    }
    kept.bytes += chunk.bytes.length;
    this.#chunks.push({ key, chunk });
    return chunk;
  }
}
