import type { LoggedEvent } from "@cairn/shared/events";
import { aboutBatch, batched, spliced } from "./frames.ts";
import type { Ring, RingItem } from "./ring.ts";
import type { Selection } from "./selection.ts";
import type { Framing } from "./sink.ts";

/** An event of a class. */
export interface Entry {
  readonly event: LoggedEvent;
  readonly json: string;
}

/** Events in a row as bytes that everyone of a class can be sent. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly seqs: readonly number[];
  /** Of the first: the seq of the event before it in its class, or where the class began. */
  readonly prev: number;
}

export interface Bounds {
  events: number;
  /** At least one event is given, however large. */
  bytes: number;
  /** Seq of the last that may be given. */
  until: number;
}

interface Options {
  selection: Selection;
  framing: Framing;
  ring: Ring;
  /** Seq after which it begins. */
  from: number;
  /** What may be sent at once to a sink that holds nothing. */
  atOnce: Omit<Bounds, "until">;
}

/** Whoever is told that there is something to send. */
export interface Member {
  /** What everyone has next who had everything before it; null when that is too much at once. */
  take(news: Chunk | null): void;
}

class Encoded implements Entry {
  readonly seq: number;
  readonly item: RingItem;
  prev: number;
  /** The event by itself. */
  chunk: Chunk | null = null;

  constructor(item: RingItem, prev: number) {
    this.seq = item.seq;
    this.item = item;
    this.prev = prev;
  }

  get json(): string {
    return this.item.json;
  }

  get event(): LoggedEvent {
    return this.item.event;
  }
}

/** Chunks of several events that are kept: of the latest burst, and of replays of one range. */
const keptChunks = 8;
/** Events looked at between two looks at the clock. */
const step = 32;

/**
 * The events of a ring that pass one selection, encoded once for all subscriptions that want the
 * same in the same framing.
 */
export class EventClass {
  readonly selection: Selection;
  readonly framing: Framing;
  readonly members = new Set<Member>();
  readonly #ring: Ring;
  #entries: Encoded[] = [];
  #begin = 0;
  #from: number;
  #latest: number;
  #chunks: { key: string; chunk: Chunk }[] = [];
  readonly #atOnce: Omit<Bounds, "until">;
  /** Those whose turn is still to come in the round at work, and what they are given. */
  #round: Iterator<Member, undefined> | null = null;
  #news: Chunk | null = null;
  /** Up to where the rounds have told. */
  #told: number;

  constructor({ selection, framing, ring, from, atOnce }: Options) {
    this.selection = selection;
    this.framing = framing;
    this.#ring = ring;
    this.#from = from;
    this.#latest = from;
    this.#told = from;
    this.#atOnce = atOnce;
  }

  /** Seq of the newest event of the class, or where it began. */
  get latest(): number {
    return this.#latest;
  }

  /** Every event of the class after this seq is here. */
  get from(): number {
    return this.#from;
  }

  /** Whether there is no event of the class after a seq, up to another. */
  isNoneIn(after: number, until: number): boolean {
    if (this.#latest <= after) return true;
    const entry = this.#entries[this.#indexAfter(after)];
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
    const chunk = seq < this.#from ? null : this.chunk(seq, { ...this.#atOnce, until: Infinity });
    return chunk?.seqs.at(-1) === this.#latest ? chunk : null;
  }

  #wants(item: RingItem): boolean {
    return this.selection.matches(item.event, item.paths ?? []);
  }

  /** Takes the ring's newest; whether it is of this class. */
  append(item: RingItem): boolean {
    if (!this.#wants(item)) return false;
    this.#entries.push(new Encoded(item, this.#latest));
    this.#latest = item.seq;
    return true;
  }

  /** Lets go of what the ring has let go of. */
  trim(): void {
    for (;;) {
      const entry = this.#entries[this.#begin];
      if (entry === undefined || entry.seq > this.#ring.from) break;
      this.#from = entry.seq;
      this.#entries[this.#begin] = undefined as unknown as Encoded;
      this.#begin += 1;
    }
    if (this.#begin > 512 && this.#begin * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#begin);
      this.#begin = 0;
    }
  }

  /** Begins anew after a seq: what was before is not known. */
  reset(from: number): void {
    this.#entries = [];
    this.#begin = 0;
    this.#from = from;
    this.#latest = from;
    this.#told = from;
    this.#chunks = [];
  }

  /**
   * Looks for older events in the ring, back to after a seq, for as long as `isTime`; false when
   * it had to stop before it was done.
   */
  cover(after: number, isTime: () => boolean): boolean {
    const to = Math.max(after, this.#ring.from);
    const older: RingItem[] = [];
    let seq = this.#from;
    for (; seq > to; seq -= 1) {
      const item = this.#ring.get(seq);
      if (item === undefined) break;
      if (this.#wants(item)) older.push(item);
      if ((this.#from - seq) % step === step - 1 && !isTime()) {
        seq -= 1;
        break;
      }
    }
    this.#putBefore(older.toReversed(), Math.max(seq, Math.min(to, this.#from)));
    return this.#from <= to;
  }

  #putBefore(items: readonly RingItem[], from: number): void {
    if (from >= this.#from) return;
    this.#from = from;
    let prev = from;
    const older = items.map((item) => {
      const entry = new Encoded(item, prev);
      prev = item.seq;
      return entry;
    });
    const newer = this.#entries.slice(this.#begin);
    const [next] = newer;
    if (next === undefined) this.#latest = prev;
    else {
      // Now its true predecessor is known.
      next.prev = prev;
      next.chunk = null;
      this.#chunks = [];
    }
    this.#entries = [...older, ...newer];
    this.#begin = 0;
  }

  /** Index of the first entry after a seq. */
  #indexAfter(seq: number): number {
    const end = this.#entries.length;
    // Nearly always somebody live asks for the newest.
    const newest = this.#entries[end - 1];
    if (newest === undefined || newest.seq <= seq) return end;
    if (end - 1 === this.#begin || newest.prev <= seq) return end - 1;
    let low = this.#begin;
    let high = end - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** How many there are after a seq, up to another. */
  count(after: number, until = Infinity): number {
    return Math.max(0, this.#indexAfter(until) - this.#indexAfter(after));
  }

  /** Those after a seq, as they are, for whoever has to encode them apart. */
  list(after: number, { events, until }: Pick<Bounds, "events" | "until">): Entry[] {
    const first = this.#indexAfter(after);
    return this.#entries.slice(first, first + events).filter(({ seq }) => seq <= until);
  }

  #single(entry: Encoded): Chunk {
    const { event, json, seq } = entry.item;
    const { event_type, epoch } = event;
    entry.chunk ??= {
      bytes: this.framing(spliced(json, entry.prev), { event_type, epoch, seq }),
      seqs: [seq],
      prev: entry.prev,
    };
    return entry.chunk;
  }

  /** The next events after a seq, a frame each; null when there are none. */
  chunk(after: number, bounds: Bounds): Chunk | null {
    const begin = this.#indexAfter(after);
    const first = this.#entries[begin];
    if (first === undefined || first.seq > bounds.until) return null;
    const single = this.#single(first);
    let end = begin + 1;
    let size = single.bytes.length;
    for (; end < begin + bounds.events; end += 1) {
      const entry = this.#entries[end];
      if (entry === undefined || entry.seq > bounds.until) break;
      size += this.#single(entry).bytes.length;
      if (size > bounds.bytes) break;
    }
    if (end === begin + 1) return single;
    return this.#kept(begin, end, "", (entries) =>
      Buffer.concat(entries.map((entry) => this.#single(entry).bytes)),
    );
  }

  /** The next events after a seq in one frame; null when there are none. */
  batch(after: number, bounds: Bounds): Chunk | null {
    const begin = this.#indexAfter(after);
    const first = this.#entries[begin];
    if (first === undefined || first.seq > bounds.until) return null;
    let end = begin + 1;
    let size = first.json.length;
    for (; end < begin + bounds.events; end += 1) {
      const entry = this.#entries[end];
      if (entry === undefined || entry.seq > bounds.until) break;
      size += entry.json.length;
      if (size > bounds.bytes) break;
    }
    return this.#kept(begin, end, "batch", (entries) =>
      this.framing(batched(entries.map(({ json, prev }) => spliced(json, prev))), aboutBatch),
    );
  }

  #kept(
    begin: number,
    end: number,
    kind: string,
    encode: (entries: readonly Encoded[]) => Uint8Array,
  ): Chunk {
    const key = `${kind} ${this.#entries[begin]?.seq} ${this.#entries[end - 1]?.seq}`;
    const kept = this.#chunks.find((other) => other.key === key);
    if (kept !== undefined) return kept.chunk;
    const entries = this.#entries.slice(begin, end);
    const chunk = {
      bytes: encode(entries),
      seqs: entries.map(({ seq }) => seq),
      prev: entries[0]?.prev ?? 0,
    };
    if (this.#chunks.length === keptChunks) this.#chunks.shift();
    this.#chunks.push({ key, chunk });
    return chunk;
  }
}
