import type { TransientMessage } from "@cairn/shared/events";
import type { Result } from "@cairn/shared/methods";
import { closeCodes } from "./close-codes.ts";
import type { Counted } from "./counted.ts";
import type { Chunk } from "./chunk.ts";
import type { Member } from "./event-class.ts";
import type { FrameFor, Listener } from "./follower.ts";
import { transientFrame } from "./frames.ts";
import { LogTrimmed } from "./log-pages.ts";
import type { Outlet, Source } from "./outlet.ts";
import { Reading } from "./reading.ts";
import type { ReadingOptions } from "./reading.ts";

type Ended = Extract<TransientMessage, { event_type: "subscription_ended" }>["data"]["reason"];

/** As `list_connections` shows it. */
export type SubscriptionFacts =
  Result<"list_connections">["connections"][number]["subscriptions"][number];

interface Options extends ReadingOptions {
  subscription_id: string;
  outlet: Outlet;
  counted: Counted;
  /** Whether it takes transient messages. */
  transient: boolean;
  /** Facts of the moment, for one that takes them too. */
  factsNow?: (() => readonly TransientMessage[]) | undefined;
  /** The last that is replayed; null without a replay. */
  replayTo: number | null;
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
  readonly #reading: Reading;
  #replayTo: number | null;
  #state: "new" | "free" | "marked" | "reading" | "waiting" | "ended" = "new";
  /** It has caught up with the log, and not fallen behind since. */
  #live = false;

  constructor(options: Options) {
    const { outlet, counted } = options;
    this.#options = options;
    this.subscription_id = options.subscription_id;
    this.#replayTo = options.replayTo;
    const heard = {
      onDue: () => this.#wake(),
      onRedelivered: counted.redelivered,
      onBatched: counted.batched,
    };
    this.#reading = new Reading(options, heard, () => outlet.held === 0);
  }

  get takesFacts(): boolean {
    return this.#options.factsNow !== undefined;
  }

  /** To be called once the reply is on its way: replay, `sync`, live. */
  start(): void {
    if (this.#state !== "new") return;
    const { events, follower, transient, outlet } = this.#options;
    events.members.add(this);
    outlet.join();
    if (transient) follower.listeners.add(this);
    this.#state = "free";
    // What it was not told while it was not live, it is told when it is: see `#caughtUp`.
    this.#live = this.#replayTo === null && !this.takesFacts;
    this.#wake();
  }

  #wake(): void {
    if (this.#state !== "free") return;
    this.#state = "marked";
    this.#options.outlet.mark(this);
  }

  /** The short way of nearly every event, to a live client that takes what it is sent. */
  take(news: Chunk | null): void {
    if (this.#state !== "free") return;
    const { outlet, counted } = this.#options;
    const { sink } = outlet;
    const isPlain = news !== null && this.#live && this.#reading.takes(news);
    if (isPlain && outlet.isAlone && sink.held() === 0) {
      sink.send([news.bytes]);
      this.#reading.taken();
      this.#reading.sent(news);
      counted.delivered(news.seqs.length);
    } else this.#wake();
  }

  resume(): void {
    if (this.#state === "waiting") this.#go();
  }

  #go(): void {
    this.#state = "free";
    this.#wake();
  }

  pump(): void {
    if (this.#state !== "marked") return;
    this.#state = "free";
    const { follower, outlet } = this.#options;
    const { cursor } = this.#reading;
    const until = this.#replayTo ?? follower.cursor;
    if (cursor.isDone(until)) {
      this.#caughtUp(until);
      return;
    }
    if (outlet.sink.held() === 0) this.#reading.taken();
    const room = this.#reading.room(outlet.events);
    if (room <= 0) {
      // In a full window an `ack` makes room.
      if (this.#reading.isAcked) cursor.drop();
      else this.#hold();
      return;
    }
    if (!cursor.isNear) {
      void this.#read(Math.min(room, outlet.events), until);
      return;
    }
    if (this.#live && this.#reading.isCollecting()) return;
    const chunk = this.#reading.next({ events: room, bytes: outlet.room, until });
    if (chunk !== null && !this.#put(chunk)) return;
    // The rest on another turn: others of this connection have theirs in between.
    if (cursor.isDone(until)) this.#caughtUp(until);
    else this.#wake();
  }

  /** False when it has to wait. */
  #put(chunk: Chunk): boolean {
    const { outlet, counted } = this.#options;
    if (outlet.held > 0 && chunk.bytes.length > outlet.room) {
      // Full of what goes out in this very turn, it has room on the next one.
      if (outlet.sink.held() > 0) this.#hold();
      else this.#wake();
      return false;
    }
    outlet.put(chunk.bytes);
    this.#reading.sent(chunk);
    counted.delivered(chunk.seqs.length);
    return true;
  }

  #caughtUp(until: number): void {
    const { follower, transient } = this.#options;
    const { cursor } = this.#reading;
    cursor.pass(until);
    if (this.#replayTo !== null) {
      this.#replayTo = null;
      const { session_id, epoch } = follower;
      this.#say({ event_type: "sync", data: { session_id, epoch, seq: until } });
      cursor.skip(until);
      this.#wake();
      return;
    }
    if (!this.#live) {
      this.#live = true;
      for (const fact of this.#options.factsNow?.() ?? []) this.#say(fact);
    }
    this.#reading.pass();
    if (follower.deletedAt !== null && transient) this.endBecause("session_deleted");
  }

  /** Waits for the sink; whoever takes transient messages learns of what comes later. */
  #hold(): void {
    const { outlet, follower, counted } = this.#options;
    const { cursor } = this.#reading;
    this.#state = "waiting";
    cursor.drop();
    outlet.wait(this);
    if (!this.#live) return;
    this.#live = false;
    counted.lagged();
    const { subscription_id } = this;
    const range = { from: cursor.at + 1, to: follower.cursor };
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
      await this.#reading.cursor.read(limit, until);
      if (!this.#isEnded()) this.#go();
    } catch (error) {
      if (this.#isEnded()) return;
      if (error instanceof LogTrimmed) this.lose();
      else {
        const { close, onError } = this.#options;
        onError(error);
        close(closeCodes.broken, "the log could not be read: connect again and resume");
      }
    }
  }

  #isEnded(): boolean {
    return this.#state === "ended";
  }

  /** The log no longer has what comes next here. */
  lose(): void {
    const { close, counted, outlet } = this.#options;
    counted.behind();
    if (this.#reading.isAgain) {
      // The client takes what it is sent, it only does not acknowledge: nothing else has to end.
      this.endBecause("log_trimmed");
      return;
    }
    this.#tellEnd("log_trimmed");
    // Nothing more is sent once it is closed.
    outlet.flush();
    close(closeCodes.behind, "behind what the log still has: connect again and load afresh");
  }

  /** Acknowledges up to a seq; null without `ack`. The floor is stored once `saved` resolves. */
  acknowledge(seq: number): { acknowledged: number; saved: Promise<void> } | null {
    if (!this.#reading.isAcked) return null;
    if (this.#reading.acknowledge(seq)) this.#wake();
    const acknowledged = this.#reading.floor;
    return { acknowledged, saved: this.#options.onFloor(acknowledged, true) };
  }

  tell(frameFor: FrameFor): void {
    const { outlet } = this.#options;
    if (this.#live) outlet.offer(frameFor(outlet.sink.framing));
  }

  sync(frameFor: FrameFor): void {
    const { follower, outlet } = this.#options;
    const { cursor, isAgain } = this.#reading;
    if (!this.#live || isAgain || !cursor.isDone(follower.cursor)) return;
    if (outlet.offer(frameFor(outlet.sink.framing))) cursor.skip(follower.cursor);
    this.#reading.pass();
    this.#keepFloor();
  }

  #keepFloor(): void {
    const { onFloor, onError } = this.#options;
    if (this.#reading.isAcked) onFloor(this.#reading.floor, false).catch(onError);
  }

  get facts(): SubscriptionFacts {
    const { follower, subscription_id, ack } = this.#options;
    const { sentTo, unacked, cursor } = this.#reading;
    const isDone = this.#live && cursor.isDone(follower.cursor);
    const seq = isDone ? Math.max(sentTo, follower.cursor) : sentTo;
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
    const { events, follower, outlet, onEnd } = this.#options;
    const { cursor, isAgain } = this.#reading;
    if (this.#live && !isAgain && cursor.isDone(follower.cursor)) cursor.pass(follower.cursor);
    this.#reading.pass();
    // What was said of this one goes before the reply to one that takes its place.
    outlet.flush();
    events.members.delete(this);
    follower.listeners.delete(this);
    if (hasBegun) outlet.leave(this);
    this.#reading.end();
    this.#keepFloor();
    onEnd();
  }
}
