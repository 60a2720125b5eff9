import type { EventLine } from "../storage/store.ts";
import { encodeApart } from "./encode-apart.ts";
import type { Bounds, Chunk } from "./chunk.ts";
import type { EventClass } from "./event-class.ts";
import type { Follower } from "./follower.ts";
import type { LogPages } from "./log-pages.ts";
import type { Timers } from "./timers.ts";

/** How long a look through the ring may hold the thread. */
const holdMs = 2;

interface Options {
  follower: Follower;
  events: EventClass;
  pages: Pick<LogPages, "read">;
  timers: Timers;
  /** Seq it begins after. */
  after: number;
  /** Several events in a frame. */
  isBatch: boolean;
  /** How often an event was sent before. */
  times: (seq: number) => number;
}

interface Page {
  after: number;
  lines: readonly EventLine[];
  to: number;
}

/** Brings the events of a class after a seq near, out of the ring or into it, where they fit. */
export async function bringNear(
  { follower, events, timers }: Pick<Options, "follower" | "events" | "timers">,
  after: number,
): Promise<void> {
  if (after >= events.from || follower.isCrowded) return;
  await follower.backfill(after);
  for (;;) {
    const end = timers.now() + holdMs;
    if (events.cover(after, () => timers.now() < end)) return;
    await new Promise<void>((resolve) => timers.soon(resolve));
  }
}

/** A place in a log: what comes next there, out of the ring or else out of the store. */
export class Cursor {
  readonly #options: Options;
  /** Everything of the class up to this seq has been taken. */
  #at: number;
  /** What whoever took all that has at least: `prev` of what comes next. */
  #prev: number;
  /** What was read and not taken. */
  #page: Page | null = null;

  constructor(options: Options) {
    this.#options = options;
    this.#at = options.after;
    this.#prev = options.after;
  }

  get at(): number {
    return this.#at;
  }

  get #fresh(): Page | null {
    return this.#page?.after === this.#at ? this.#page : null;
  }

  /** Whether `next` can say what comes next. */
  get isNear(): boolean {
    return this.#fresh !== null || this.#at >= this.#options.events.from;
  }

  /** How many come next, as far as the ring knows. */
  get count(): number {
    return this.#options.events.count(this.#at);
  }

  /** Whether nothing of the class comes up to a seq. */
  isDone(until: number): boolean {
    if (this.#at >= until) return true;
    const { events } = this.#options;
    return this.#fresh === null && this.#at >= events.from && events.isNoneIn(this.#at, until);
  }

  /** Reads what comes next, so that `next` can say it; rejects with `LogTrimmed` when it is gone. */
  async read(limit: number, until: number): Promise<void> {
    const { follower, events, pages } = this.#options;
    const after = this.#at;
    await bringNear(this.#options, after);
    if (after >= events.from) return;
    const { session_id } = follower;
    const { selection } = events;
    const range = { after, until: Math.min(events.from, until) };
    this.#page = { after, ...(await pages.read({ session_id, ...range, selection, limit })) };
  }

  /** Forgets what was read: whoever has to wait keeps nothing but the cursor. */
  drop(): void {
    this.#page = null;
  }

  /** What comes next, without taking it; null when that is nothing, and the cursor has moved on. */
  next(bounds: Bounds, isAgain: boolean): Chunk | null {
    const { events, isBatch, times } = this.#options;
    const page = this.#fresh;
    this.#page = null;
    let { events: most } = bounds;
    if (page === null && !isAgain) {
      const chunk = isBatch ? events.batch(this.#at, bounds) : events.chunk(this.#at, bounds);
      if (chunk !== null && chunk.prev <= this.#prev) return chunk;
      // The class knows less of what came before than this cursor: only of its first event.
      most = 1;
    }
    const lines = page?.lines ?? events.list(this.#at, { events: most, until: bounds.until });
    const { framing } = events;
    const own = { ...bounds, events: most, framing, prev: this.#prev, times, isBatch };
    const chunk = encodeApart(lines, own);
    if (chunk === null)
      this.#at = Math.max(this.#at, Math.min(page?.to ?? bounds.until, bounds.until));
    else if (page !== null && chunk.seqs.length === page.lines.length) {
      // Once it is taken, so is what the page has looked through.
      this.#page = { after: chunk.seqs.at(-1) ?? this.#at, lines: [], to: page.to };
    }
    return chunk;
  }

  /** Whether a chunk of the class is just what comes next. */
  isNext({ prev, seqs }: Chunk): boolean {
    return prev <= this.#prev && this.#at < (seqs[0] ?? 0);
  }

  take({ seqs }: Chunk): void {
    this.#at = this.#prev = seqs.at(-1) ?? this.#at;
  }

  /** Everything up to a seq needs not be taken (any more); whoever follows knows of it. */
  skip(seq: number): void {
    this.#at = Math.max(this.#at, seq);
    this.#prev = Math.max(this.#prev, seq);
  }

  /** Nothing of the class came up to a seq; whoever follows was not told. */
  pass(seq: number): void {
    this.#at = Math.max(this.#at, seq);
  }

  /** Goes back to a seq. */
  rewind(seq: number): void {
    this.#at = this.#prev = seq;
  }
}
