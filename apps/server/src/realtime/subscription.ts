import type { TransientMessage } from "@cairn/shared/events";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import { Acks } from "./acks.ts";
import { closeCodes } from "./close-codes.ts";
import type { Counted } from "./counted.ts";
import { Cursor } from "./cursor.ts";
import type { Chunk, EventClass, Member } from "./event-class.ts";
import type { Follower, FrameFor, Listener } from "./follower.ts";
import { transientFrame } from "./frames.ts";
import { LogTrimmed } from "./log-pages.ts";
import type { LogPages } from "./log-pages.ts";
import type { Outlet, Source } from "./outlet.ts";
import { Pace } from "./pace.ts";
import type { Timers } from "./timers.ts";

type Ended = Extract<TransientMessage, { event_type: "subscription_ended" }>["data"]["reason"];

/** As `list_connections` shows it. */
export type SubscriptionFacts =
  Result<"list_connections">["connections"][number]["subscriptions"][number];

interface Options {
  subscription_id: string;
  follower: Follower;
  events: EventClass;
  pages: Pick<LogPages, "read">;
  outlet: Outlet;
  timers: Timers;
  counted: Counted;
  /** Whether it takes transient messages. */
  transient: boolean;
  /** Seq it begins after, and the last that is replayed; null without a replay. */
  after: number;
  replayTo: number | null;
  ack: ParsedParams<"subscribe">["ack"];
  batch: ParsedParams<"subscribe">["batch"];
  /** Everything up to a seq needs not come again; told to be done by the client, or passed by. */
  onFloor: (seq: number, isAcknowledged: boolean) => Promise<void>;
  /** Called once when it ends, whoever ended it. */
  onEnd: () => void;
  onError: (error: unknown) => void;
  /** Ends the connection. */
  close: (code: number, reason: string) => void;
}

/**
 * One subscription to a session: a cursor, never a queue. Whenever it has a turn it takes what
 * comes next, as much as its sink and its window have room for; so a client that is new, slow or
 * live is served by the same few lines, and there is no seam at which an event could be lost.
 */
export class Subscription implements Source, Member, Listener {
  readonly subscription_id: string;
  readonly #options: Options;
  readonly #cursor: Cursor;
  readonly #acks: Acks | null;
  readonly #pace: Pace | null;
  #replayTo: number | null;
  /** Events that were sent since the sink was last seen empty. */
  #held = 0;
  #state: "new" | "free" | "marked" | "reading" | "waiting" | "ended" = "new";
  /** It has caught up with the log, and not fallen behind since. */
  #live = false;

  constructor(options: Options) {
    const { ack, batch, after, timers } = options;
    this.#options = options;
    this.subscription_id = options.subscription_id;
    this.#replayTo = options.replayTo;
    this.#pace = batch === undefined ? null : new Pace(batch, timers, () => this.wake());
    const onWaited = (): void => this.#sendAgain();
    this.#acks =
      ack === undefined
        ? null
        : new Acks({ window: ack.window, waitMs: ack.wait_ms, floor: after, timers, onWaited });
    const times = (seq: number): number => this.#acks?.times(seq) ?? 0;
    this.#cursor = new Cursor({ ...options, isBatch: batch !== undefined, times });
  }

  /** To be called once the reply is on its way: replay, `sync`, live. */
  start(): void {
    if (this.#state !== "new") return;
    const { events, follower, transient, outlet } = this.#options;
    events.members.add(this);
    outlet.join();
    if (transient) follower.listeners.add(this);
    this.#state = "free";
    this.#live = this.#replayTo === null;
    this.wake();
  }

  wake(): void {
    if (this.#state !== "free") return;
    this.#state = "marked";
    this.#options.outlet.mark(this);
  }

  /** The short way of nearly every event, to a live client that takes what it is sent. */
  take(news: Chunk | null): void {
    if (this.#state !== "free") return;
    const { outlet } = this.#options;
    const { sink } = outlet;
    if (
      news !== null &&
      this.#live &&
      this.#pace === null &&
      this.#cursor.isNext(news) &&
      (this.#acks === null || this.#acks.room >= news.seqs.length) &&
      outlet.isAlone &&
      sink.held() === 0
    ) {
      sink.send([news.bytes]);
      this.#sent(news);
      return;
    }
    this.wake();
  }

  resume(): void {
    if (this.#state !== "waiting") return;
    this.#state = "free";
    this.wake();
  }

  pump(): void {
    if (this.#state !== "marked") return;
    this.#state = "free";
    const { follower, outlet } = this.#options;
    const until = this.#replayTo ?? follower.cursor;
    if (this.#cursor.isDone(until)) {
      this.#caughtUp(until);
      return;
    }
    const room = this.#room();
    if (room <= 0) {
      // An `ack` makes room in a full window.
      if (this.#acks === null) this.#hold();
      else this.#cursor.drop();
      return;
    }
    if (!this.#cursor.isNear) {
      void this.#read(Math.min(room, outlet.events), until);
      return;
    }
    if (this.#live && this.#pace?.isDue(this.#cursor.count) === false) return;
    const chunk = this.#next(room, until);
    if (chunk !== null) {
      if (outlet.held === 0 || chunk.bytes.length <= outlet.room) {
        outlet.put(chunk.bytes);
        this.#sent(chunk);
      } else if (outlet.sink.held() > 0) {
        this.#hold();
        return;
      }
    }
    // The rest on another turn: others of this connection have theirs in between.
    this.wake();
  }

  /** Whether what comes next was sent before. */
  get #isAgain(): boolean {
    return this.#acks !== null && this.#cursor.at < this.#acks.highest;
  }

  /** Events that may be sent now. */
  #room(): number {
    const { outlet } = this.#options;
    if (this.#acks !== null) return this.#isAgain ? this.#acks.window : this.#acks.room;
    if (outlet.sink.held() === 0) this.#held = 0;
    return outlet.events - this.#held;
  }

  #next(room: number, until: number): Chunk | null {
    const again = this.#isAgain;
    const bounds = {
      events: Math.min(room, this.#pace?.max ?? room),
      bytes: this.#options.outlet.room,
      until: again ? Math.min(until, this.#acks?.highest ?? until) : until,
    };
    return this.#cursor.next(bounds, again);
  }

  #sent(chunk: Chunk): void {
    const { seqs } = chunk;
    const { counted } = this.#options;
    counted.delivered(seqs.length);
    if (this.#isAgain) counted.redelivered(seqs.length);
    if (this.#pace !== null && seqs.length > 1) counted.batched();
    this.#cursor.take(chunk);
    this.#acks?.sent(seqs);
    this.#held += seqs.length;
    this.#pace?.sent();
  }

  #caughtUp(until: number): void {
    const { follower, transient } = this.#options;
    this.#cursor.pass(until);
    if (this.#replayTo !== null) {
      this.#replayTo = null;
      const { session_id, epoch } = follower;
      this.#say({ event_type: "sync", data: { session_id, epoch, seq: until } });
      this.#cursor.skip(until);
      this.wake();
      return;
    }
    this.#live = true;
    this.#acks?.pass(this.#cursor.at);
    if (follower.deletedAt !== null && transient) this.endBecause("session_deleted");
  }

  /** Waits for the sink; whoever takes transient messages learns of what comes later. */
  #hold(): void {
    const { outlet, follower, counted } = this.#options;
    this.#state = "waiting";
    this.#cursor.drop();
    outlet.wait(this);
    if (!this.#live) return;
    this.#live = false;
    counted.lagged();
    const { subscription_id } = this;
    const range = { from: this.#cursor.at + 1, to: follower.cursor };
    const data = { session_id: follower.session_id, subscription_id, ...range };
    this.#say({ event_type: "lagged", data });
  }

  #say(message: TransientMessage): void {
    const { transient, outlet } = this.#options;
    if (transient) outlet.put(transientFrame(outlet.sink.framing, message));
  }

  async #read(limit: number, until: number): Promise<void> {
    this.#state = "reading";
    try {
      await this.#cursor.read(limit, until);
      this.#resumeReading();
    } catch (error) {
      if (!this.#isEnded()) this.#failed(error);
    }
  }

  #resumeReading(): void {
    if (this.#isEnded()) return;
    this.#state = "free";
    this.wake();
  }

  #isEnded(): boolean {
    return this.#state === "ended";
  }

  #failed(error: unknown): void {
    const { close, counted, onError } = this.#options;
    if (!(error instanceof LogTrimmed)) {
      onError(error);
      close(closeCodes.broken, "the log could not be read: connect again and resume");
      return;
    }
    counted.behind();
    if (this.#isAgain) {
      // The client takes what it is sent, it only does not acknowledge: nothing else has to end.
      this.endBecause("log_trimmed");
      return;
    }
    this.#tellEnd("log_trimmed");
    close(closeCodes.behind, "behind what the log still has: connect again and load afresh");
  }

  /** Nothing was acknowledged for long: all that was sent and is not goes again, in order. */
  #sendAgain(): void {
    const acks = this.#acks;
    // What the client cannot have got yet is not sent again, nor what is under way already.
    if (acks === null || this.#isAgain || this.#options.outlet.held > 0) return;
    this.#cursor.rewind(acks.floor);
    this.wake();
  }

  /** Acknowledges up to a seq; null without `ack`. The floor is stored once `saved` resolves. */
  acknowledge(seq: number): { acknowledged: number; saved: Promise<void> } | null {
    const acks = this.#acks;
    if (acks === null) return null;
    const isNew = acks.acknowledge(Math.min(seq, Math.max(this.#cursor.at, acks.highest)));
    const acknowledged = acks.floor;
    if (isNew) {
      this.#cursor.skip(acknowledged);
      this.wake();
    }
    return { acknowledged, saved: this.#options.onFloor(acknowledged, true) };
  }

  tell(frameFor: FrameFor): void {
    const { outlet } = this.#options;
    if (this.#live) outlet.offer(frameFor(outlet.sink.framing));
  }

  sync(frameFor: FrameFor): void {
    const { follower, outlet, onFloor, onError } = this.#options;
    if (!this.#live || this.#isAgain || !this.#cursor.isDone(follower.cursor)) return;
    if (outlet.offer(frameFor(outlet.sink.framing))) this.#cursor.skip(follower.cursor);
    if (this.#acks === null) return;
    this.#acks.pass(this.#cursor.at);
    onFloor(this.#acks.floor, false).catch(onError);
  }

  get facts(): SubscriptionFacts {
    const { follower, subscription_id, ack } = this.#options;
    const sent = Math.max(this.#cursor.at, this.#acks?.highest ?? 0);
    const isDone = this.#live && this.#cursor.isDone(follower.cursor);
    const seq = isDone ? Math.max(sent, follower.cursor) : sent;
    const unacked = this.#acks?.unacked ?? 0;
    const lag = Math.max(0, follower.cursor - seq);
    const consumer = ack?.consumer ?? null;
    return { subscription_id, session_id: follower.session_id, seq, lag, unacked, consumer };
  }

  #tellEnd(reason: Ended): void {
    const { session_id } = this.#options.follower;
    const { subscription_id } = this;
    this.#say({ event_type: "subscription_ended", data: { session_id, subscription_id, reason } });
  }

  /** Ends it from our side. */
  endBecause(reason: Ended): void {
    if (this.#isEnded()) return;
    this.#tellEnd(reason);
    this.end();
  }

  end(): void {
    if (this.#isEnded()) return;
    const hasBegun = this.#state !== "new";
    this.#state = "ended";
    const { events, follower, outlet, onFloor, onEnd, onError } = this.#options;
    events.members.delete(this);
    follower.listeners.delete(this);
    if (hasBegun) outlet.leave(this);
    this.#pace?.end();
    if (this.#acks !== null) {
      this.#acks.end();
      onFloor(this.#acks.floor, false).catch(onError);
    }
    onEnd();
  }
}
