import type { ParsedParams } from "@cairn/shared/methods";
import { Acks } from "./acks.ts";
import { Cursor } from "./cursor.ts";
import type { Chunk } from "./chunk.ts";
import type { EventClass } from "./event-class.ts";
import type { Follower } from "./follower.ts";
import type { LogPages } from "./log-pages.ts";
import { Pace } from "./pace.ts";
import type { Timers } from "./timers.ts";

export interface ReadingOptions {
  follower: Follower;
  events: EventClass;
  pages: Pick<LogPages, "read">;
  timers: Timers;
  /** Seq it begins after. */
  after: number;
  ack: ParsedParams<"subscribe">["ack"];
  batch: ParsedParams<"subscribe">["batch"];
}

interface Heard {
  /** A time has passed: there may be something to send. */
  onDue: () => void;
  onRedelivered: (events: number) => void;
  /** Several events go out in one frame. */
  onBatched: () => void;
}

/** How far one subscription has read, and what it may be sent next: cursor, window and pace. */
export class Reading {
  readonly cursor: Cursor;
  readonly #acks: Acks | null;
  readonly #pace: Pace | null;
  readonly #heard: Heard;
  /** Events that were sent since the sink was last seen empty. */
  #held = 0;

  constructor(options: ReadingOptions, heard: Heard, isTaken: () => boolean) {
    const { ack, batch, after, timers } = options;
    this.#heard = heard;
    this.#pace = batch === undefined ? null : new Pace(batch, timers, heard.onDue);
    const onWaited = (): void => {
      // What the client cannot have got yet is not sent again, nor what is under way already.
      if (this.isAgain || !isTaken()) return;
      this.cursor.rewind(this.floor);
      heard.onDue();
    };
    this.#acks =
      ack === undefined
        ? null
        : new Acks({ window: ack.window, waitMs: ack.wait_ms, floor: after, timers, onWaited });
    const times = (seq: number): number => this.#acks?.times(seq) ?? 0;
    this.cursor = new Cursor({ ...options, isBatch: batch !== undefined, times });
  }

  /** Whether what comes next was sent before. */
  get isAgain(): boolean {
    return this.#acks !== null && this.cursor.at < this.#acks.highest;
  }

  /** Everything up to here was sent, in this pass or one before. */
  get sentTo(): number {
    return Math.max(this.cursor.at, this.#acks?.highest ?? 0);
  }

  /** Everything up to here needs not come again. */
  get floor(): number {
    return this.#acks?.floor ?? this.cursor.at;
  }

  get unacked(): number {
    return this.#acks?.unacked ?? 0;
  }

  /** Whether it has to be acknowledged. */
  get isAcked(): boolean {
    return this.#acks !== null;
  }

  /** How many events may be sent to a sink that holds at most `atMost` of them. */
  room(atMost: number): number {
    if (this.#acks === null) return atMost - this.#held;
    return this.isAgain ? this.#acks.window : this.#acks.room;
  }

  /** The sink holds nothing. */
  taken(): void {
    this.#held = 0;
  }

  /** Whether news of the class are just what may be sent next, and need no look at anything else. */
  takes(news: Chunk): boolean {
    return (
      this.#pace === null &&
      this.cursor.isNext(news) &&
      (this.#acks === null || this.#acks.room >= news.seqs.length)
    );
  }

  /** Whether it collects more before it sends; `onDue` is called when it has. */
  isCollecting(): boolean {
    return this.#pace !== null && !this.#pace.isDue(this.cursor.count);
  }

  /** What comes next, up to a seq; null when that is nothing, and the cursor has moved on. */
  next(bounds: { events: number; bytes: number; until: number }): Chunk | null {
    const again = this.isAgain;
    const events = Math.min(bounds.events, this.#pace?.max ?? bounds.events);
    const until = again ? Math.min(bounds.until, this.sentTo) : bounds.until;
    return this.cursor.next({ ...bounds, events, until }, again);
  }

  sent(chunk: Chunk): void {
    const { seqs } = chunk;
    if (this.isAgain) this.#heard.onRedelivered(seqs.length);
    if (this.#pace !== null && seqs.length > 1) this.#heard.onBatched();
    this.#held += seqs.length;
    this.cursor.take(chunk);
    this.#acks?.sent(seqs);
    this.#pace?.sent();
  }

  /** There is nothing more to send up to the cursor: nothing before it is worth keeping a floor for. */
  pass(): void {
    this.#acks?.pass(this.cursor.at);
  }

  /** Acknowledges up to a seq that was sent; whether that was anything new. */
  acknowledge(seq: number): boolean {
    const isNew = this.#acks?.acknowledge(Math.min(seq, this.sentTo)) ?? false;
    if (isNew) this.cursor.skip(this.floor);
    return isNew;
  }

  end(): void {
    this.#pace?.end();
    this.#acks?.end();
  }
}
