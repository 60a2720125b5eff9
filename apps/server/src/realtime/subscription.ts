import type { EventType, LoggedEvent } from "@cairn/shared/events";
import type { Store } from "../storage/store.ts";
import { closeCodes } from "./close-codes.ts";
import { encodeEvent, encodeTransient } from "./follower.ts";
import type { Feed, Follower } from "./follower.ts";
import type { Outbox } from "./outbox.ts";

const page = 200;

/** Which part of the log goes before what is live. */
export interface Replay {
  /** Seq it begins after: the position that the reply names. */
  from: number;
  /** Seq it ends with. */
  to: number;
  /** The events of it, when they were few enough to be kept while counting. */
  events: LoggedEvent[] | null;
}

interface Options {
  subscription_id: string;
  follower: Follower;
  store: Pick<Store, "events">;
  outbox: Pick<Outbox, "send" | "drained">;
  types: ReadonlySet<EventType>;
  transient: boolean;
  epoch: string;
  replay: Replay | null;
  /** Called once when it ends, whoever ended it. */
  onEnd: () => void;
  onDelivered: (events: number) => void;
  onBroken: (error: unknown, code: number) => void;
}

/**
 * One subscription to a session. Until it is live it reads the log by itself, so that nothing
 * committed meanwhile has to be held; it goes live in the very turn in which it has caught up.
 */
export class Subscription implements Feed {
  readonly types: ReadonlySet<EventType>;
  readonly transient: boolean;
  readonly subscription_id: string;
  readonly #options: Options;
  /** Everything up to this seq has been sent. */
  #at: number;
  /** Seq of the latest event that was sent, or where it began. */
  #prev: number;
  #live = false;
  #ended = false;

  constructor(options: Options, at: number) {
    this.#options = options;
    this.subscription_id = options.subscription_id;
    this.types = options.types;
    this.transient = options.transient;
    this.#at = at;
    this.#prev = at;
  }

  /** To be called once the reply is on its way: replay, `sync`, live. */
  start(): void {
    if (this.#ended) return;
    const { replay, follower, onBroken } = this.#options;
    if (replay === null && this.#at === follower.cursor) {
      this.#goLive();
      return;
    }
    this.#catchUp().catch((error: unknown) => {
      if (!this.#ended) onBroken(error, closeCodes.broken);
    });
  }

  send(frame: Uint8Array): void {
    this.#options.outbox.send(frame);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#live) this.#options.follower.detach(this);
    this.#options.onEnd();
  }

  #goLive(): void {
    this.#live = true;
    this.#options.follower.attach(this);
  }

  async #catchUp(): Promise<void> {
    const { replay, follower } = this.#options;
    if (replay !== null) {
      if (replay.events === null) await this.#sendUntil(replay.to);
      else this.#sendAll(replay.events, replay.to);
      this.#sendSync();
    }
    while (!this.#ended && this.#at < follower.cursor) await this.#sendUntil(follower.cursor);
    if (!this.#ended) this.#goLive();
  }

  async #sendUntil(to: number): Promise<void> {
    const { store, follower, outbox } = this.#options;
    const { session_id } = follower;
    const types = [...this.types];
    while (!this.#ended && this.#at < to) {
      const query = { session_id, after: this.#at, until: to, types, limit: page };
      const events = await store.events(query);
      if (this.#ended) return;
      this.#sendAll(events, events.length < page ? to : (events.at(-1)?.seq ?? to));
      await outbox.drained();
    }
  }

  #sendAll(events: LoggedEvent[], at: number): void {
    for (const event of events) {
      this.send(encodeEvent(event, this.#prev));
      this.#prev = event.seq;
    }
    this.#at = at;
    this.#options.onDelivered(events.length);
  }

  #sendSync(): void {
    if (this.#ended) return;
    const { epoch, follower } = this.#options;
    const data = { session_id: follower.session_id, epoch, seq: this.#at };
    this.send(encodeTransient({ event_type: "sync", data }));
  }
}
