import { randomUUID } from "node:crypto";
import { ProtocolError } from "@cairn/shared/errors";
import { baseEventTypes } from "@cairn/shared/events";
import type { EventType, TransientMessage } from "@cairn/shared/events";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { Bus } from "../bus/bus.ts";
import type { Logger } from "../log.ts";
import type { LogPosition, Store } from "../storage/store.ts";
import { Follower } from "./follower.ts";
import type { Outbox } from "./outbox.ts";
import { Overview } from "./overview.ts";
import { planReplay } from "./replay.ts";
import { Subscription } from "./subscription.ts";

const perConnection = 128;
const syncMs = 25_000;
/** Heals a lost hint. */
const pollMs = 3_000;

interface Active {
  subscription_id: string;
  end(): void;
}

/** The connection that a subscription belongs to. */
export interface Subscriber {
  readonly outbox: Pick<Outbox, "send" | "drained">;
  readonly closed: boolean;
  /** By session id, or "*". */
  readonly subscriptions: Map<string, Active>;
  close(code: number, reason: string): void;
}

interface Options {
  store: Pick<Store, "session" | "sessions" | "position" | "events" | "seqBeforeLast">;
  bus: Bus;
  log: Logger;
  onProgress: (listener: (message: TransientMessage) => void) => () => void;
  onDelivered: (events: number) => void;
  syncMs?: number;
  pollMs?: number;
}

interface Reply {
  result: Result<"subscribe">;
  /** To be called once the reply is on its way. */
  start: () => void;
}

/** All subscriptions of a process, and the one follower of each session that is watched. */
export class Subscriptions {
  readonly #options: Options;
  readonly #overview: Overview;
  readonly #followers = new Map<string, { follower: Follower; users: number }>();
  readonly #epochs = new Map<string, string>();
  readonly #stops: (() => void)[];
  #count = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#overview = new Overview(options.store, this.#onError);
    const sync = setInterval(() => this.#sync(), options.syncMs ?? syncMs).unref();
    const poll = setInterval(() => this.#poll(), options.pollMs ?? pollMs).unref();
    this.#stops = [
      () => clearInterval(sync),
      () => clearInterval(poll),
      options.bus.listen(({ session_id, seq }) => {
        const follower = this.#followers.get(session_id)?.follower;
        if (follower !== undefined && follower.cursor < seq) this.#read(follower);
        this.#overview.touch(session_id);
      }),
      options.onProgress((message) => {
        const { session_id } = message.data;
        this.#followers.get(session_id)?.follower.sendTransient(message);
      }),
    ];
  }

  /** Live subscriptions. */
  get count(): number {
    return this.#count;
  }

  /** Sessions whose log is followed. */
  get following(): number {
    return this.#followers.size;
  }

  /** The reply, and how to go on after it. Replaces the connection's one to the same session. */
  async subscribe(params: ParsedParams<"subscribe">, subscriber: Subscriber): Promise<Reply> {
    const { session_id } = params;
    const known = subscriber.subscriptions.has(session_id);
    if (!known && subscriber.subscriptions.size >= perConnection) {
      throw new ProtocolError(
        "limit_reached",
        `A connection may have at most ${perConnection} subscriptions. Unsubscribe from some.`,
      );
    }
    if (session_id !== "*") return await this.#toSession(session_id, params, subscriber);
    if (params.since !== undefined || params.events !== undefined) {
      throw new ProtocolError("invalid_params", 'A subscription to "*" takes no events or since.');
    }
    const { result, start, end } = await this.#overview.subscribe(subscriber.outbox);
    this.#register(subscriber, "*", { subscription_id: result.subscription_id, end });
    return { result, start };
  }

  async #toSession(
    session_id: string,
    { events, since, transient }: ParsedParams<"subscribe">,
    subscriber: Subscriber,
  ): Promise<Reply> {
    const { store } = this.#options;
    const position = await this.#positionOf(session_id);
    const follower = this.#acquire(session_id, position);
    try {
      await follower.catchUp();
      const types: ReadonlySet<EventType> = new Set(events ?? baseEventTypes);
      const head = follower.cursor;
      const plan =
        since === undefined
          ? null
          : await planReplay(store, { session_id, since, types: [...types], position, head });
      const at = plan?.replay.from ?? follower.cursor;
      const subscription_id = randomUUID();
      const subscription = new Subscription(
        {
          subscription_id,
          follower,
          store,
          outbox: subscriber.outbox,
          types,
          transient: events !== undefined || since !== undefined || transient === true,
          epoch: position.epoch,
          replay: plan?.replay ?? null,
          onEnd: () => this.#release(follower),
          onDelivered: this.#options.onDelivered,
          onBroken: (error, code) => {
            this.#onError(error);
            subscriber.close(code, "the log could not be read: connect again and resume");
          },
        },
        at,
      );
      this.#register(subscriber, session_id, subscription);
      const result = {
        subscribed: true as const,
        session_id,
        subscription_id,
        epoch: position.epoch,
        seq: at,
        oldest_seq: position.oldest_seq,
        recovered: plan?.recovered ?? true,
        replayed: plan?.replayed ?? 0,
      };
      return { result, start: () => subscription.start() };
    } catch (error) {
      this.#release(follower);
      throw error;
    }
  }

  async #positionOf(session_id: string): Promise<LogPosition> {
    const session = await this.#options.store.session(session_id);
    const position = await this.#options.store.position(session_id);
    if (session === null || session.deleted_at !== null || position === null) {
      throw new ProtocolError("session_not_found", `There is no session ${session_id}.`);
    }
    return position;
  }

  #register(subscriber: Subscriber, session_id: string, active: Active): void {
    subscriber.subscriptions.get(session_id)?.end();
    if (subscriber.closed) {
      active.end();
      return;
    }
    this.#count += 1;
    const end = (): void => {
      if (subscriber.subscriptions.get(session_id) !== registered) return;
      subscriber.subscriptions.delete(session_id);
      this.#count -= 1;
      active.end();
    };
    const registered = { subscription_id: active.subscription_id, end };
    subscriber.subscriptions.set(session_id, registered);
  }

  /** False when there was no such subscription. */
  unsubscribe(params: ParsedParams<"unsubscribe">, subscriber: Subscriber): boolean {
    const { session_id, subscription_id } = params;
    if (session_id === undefined && subscription_id === undefined) {
      throw new ProtocolError("invalid_params", "Name a session_id or a subscription_id.");
    }
    const found = [...subscriber.subscriptions].find(
      ([of, active]) =>
        (session_id === undefined || of === session_id) &&
        (subscription_id === undefined || active.subscription_id === subscription_id),
    );
    found?.[1].end();
    return found !== undefined;
  }

  /** Frees everything that a connection had. */
  endAll(subscriber: Subscriber): void {
    for (const active of subscriber.subscriptions.values()) active.end();
  }

  #acquire(session_id: string, position: LogPosition): Follower {
    let entry = this.#followers.get(session_id);
    if (entry === undefined) {
      const { store, onDelivered } = this.#options;
      const follower = new Follower({ session_id, store, after: position.seq, onDelivered });
      entry = { follower, users: 0 };
      this.#followers.set(session_id, entry);
      this.#epochs.set(session_id, position.epoch);
    }
    entry.users += 1;
    return entry.follower;
  }

  #release(follower: Follower): void {
    const entry = this.#followers.get(follower.session_id);
    if (entry?.follower !== follower) return;
    entry.users -= 1;
    if (entry.users > 0) return;
    follower.close();
    this.#followers.delete(follower.session_id);
    this.#epochs.delete(follower.session_id);
  }

  #sync(): void {
    for (const [session_id, { follower }] of this.#followers) {
      const epoch = this.#epochs.get(session_id) ?? "";
      const data = { session_id, epoch, seq: follower.cursor };
      follower.sendTransient({ event_type: "sync", data });
    }
  }

  #poll(): void {
    for (const { follower } of this.#followers.values()) this.#read(follower);
    this.#overview.heal().catch(this.#onError);
  }

  #read(follower: Follower): void {
    follower.catchUp().catch(this.#onError);
  }

  // What failed here is tried again on the next hint or poll.
  readonly #onError = (error: unknown): void => {
    this.#options.log.error({ err: error }, "the event log could not be read");
  };

  close(): void {
    for (const stop of this.#stops) stop();
    this.#overview.close();
    for (const { follower } of this.#followers.values()) follower.close();
  }
}
