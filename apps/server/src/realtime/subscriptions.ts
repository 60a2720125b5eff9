import { randomUUID } from "node:crypto";
import { ProtocolError } from "@cairn/shared/errors";
import type { TransientMessage } from "@cairn/shared/events";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { Session } from "@cairn/shared/session";
import type { Bus } from "../bus/bus.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../storage/store.ts";
import { Consumers } from "./consumers.ts";
import { counting } from "./counted.ts";
import type { Counted } from "./counted.ts";
import { Followers } from "./followers.ts";
import { LogPages } from "./log-pages.ts";
import { holding, Outlet } from "./outlet.ts";
import type { Holding } from "./outlet.ts";
import { Overview } from "./overview.ts";
import { openSubscription } from "./open-subscription.ts";
import type { RingBounds } from "./ring.ts";
import { ringBounds } from "./ring.ts";
import type { Sink } from "./sink.ts";
import { Slices } from "./slices.ts";
import type { SubscriptionFacts } from "./subscription.ts";
import { realTimers } from "./timers.ts";
import type { Timers } from "./timers.ts";

const perConnection = 128;
const syncMs = 25_000;
/** Heals a lost hint. */
const pollMs = 3_000;

/** A subscription as its connection sees it. */
export interface Active {
  readonly subscription_id: string;
  /** As `list_connections` shows it. */
  readonly facts: SubscriptionFacts;
  /** Null for one without `ack`. The floor is stored once `saved` resolves. */
  acknowledge(seq: number): { acknowledged: number; saved: Promise<void> } | null;
  end(): void;
}

/** The connection that a subscription belongs to. */
export interface Subscriber {
  readonly outbox: Sink;
  readonly closed: boolean;
  /** By session id, or "*". */
  readonly subscriptions: Map<string, Active>;
  close(code: number, reason: string): void;
}

interface Options {
  store: Pick<
    Store,
    | "session"
    | "sessions"
    | "position"
    | "events"
    | "eventLines"
    | "eventPaths"
    | "countEvents"
    | "seqBeforeLast"
    | "consumer"
    | "consumers"
    | "transact"
  >;
  bus: Bus;
  log: Logger;
  onProgress: (listener: (message: TransientMessage) => void) => () => void;
  /** A session as summaries show it: with its facts of the moment. */
  show?: (session: Session) => Session;
  /** The same facts as the messages that tell of them. */
  factsOf?: (session_id: string) => readonly TransientMessage[];
  /** A session has lost such a fact, of which no message tells. */
  onFactCleared?: (listener: (session_id: string) => void) => () => void;
  /** Somebody watches a session, or nobody does any more. */
  onWatched?: (session_id: string, isWatched: boolean) => void;
  /** Events that were handed to sinks. */
  onDelivered: (events: number) => void;
  counted?: Partial<Omit<Counted, "delivered">>;
  timers?: Timers;
  /** The time of day in ms. */
  now?: () => number;
  syncMs?: number;
  pollMs?: number;
  ring?: RingBounds;
  holding?: Holding;
}

interface Reply {
  result: Result<"subscribe">;
  /** To be called once the reply is on its way. */
  start: () => void;
}

/** All subscriptions of a process, and the one follower of each session that is watched. */
export class Subscriptions {
  /** Named readers: to list and to forget. */
  readonly consumers: Consumers;
  readonly #options: Options;
  readonly #timers: Timers;
  readonly #slices: Slices;
  readonly #counted: Counted;
  readonly #pages: LogPages;
  readonly #followers: Followers;
  readonly #overview: Overview;
  readonly #outlets = new WeakMap<Sink, Outlet>();
  readonly #stops: (() => void)[];
  #count = 0;
  #closed = false;

  constructor(options: Options) {
    const { store, bus, ring = ringBounds, now = Date.now } = options;
    const timers = options.timers ?? realTimers;
    const breathe = (): Promise<void> => new Promise((resolve) => timers.soon(resolve));
    this.#options = options;
    this.#timers = timers;
    this.#slices = new Slices(timers, this.#onError);
    this.#counted = counting(this.#slices, options.onDelivered, options.counted);
    this.#pages = new LogPages(store, breathe);
    const slices = this.#slices;
    const onError = this.#onError;
    this.#followers = new Followers({
      store,
      slices,
      bounds: ring,
      atOnce: options.holding ?? holding,
      breathe,
      onError,
      onWatched: (session_id, isWatched) => options.onWatched?.(session_id, isWatched),
    });
    this.#overview = new Overview(store, this.#onError, options.show);
    const onTaken = this.#counted.taken;
    this.consumers = new Consumers({ store, timers, now, onError, onTaken });
    this.#stops = [
      this.#every(options.syncMs ?? syncMs, () => this.#followers.sendSync()),
      this.#every(options.pollMs ?? pollMs, () => {
        this.#followers.poll();
        this.#overview.heal().catch(this.#onError);
      }),
      bus.listen(({ session_id, seq }) => {
        this.#followers.hint(session_id, seq);
        this.#overview.touch(session_id);
      }),
      options.onProgress((message) => {
        const { session_id } = message.data;
        if (session_id === "*") this.#overview.sendTransient(message);
        else this.#followers.sendTransient(message);
        // Facts of the moment stand in summaries too.
        if (message.event_type !== "progress") this.#overview.touch(session_id);
      }),
      options.onFactCleared?.((session_id) => this.#overview.touch(session_id)) ??
        (() => undefined),
    ];
  }

  #every(ms: number, work: () => void): () => void {
    let cancel = (): void => undefined;
    const again = (): void => {
      cancel = this.#timers.after(ms, () => {
        again();
        work();
      });
    };
    again();
    return () => cancel();
  }

  /** Live subscriptions. */
  get count(): number {
    return this.#count;
  }

  /** Sessions whose log is followed. */
  get following(): number {
    return this.#followers.count;
  }

  #outletOf(subscriber: Subscriber): Outlet {
    const sink = subscriber.outbox;
    let outlet = this.#outlets.get(sink);
    if (outlet === undefined) {
      outlet = new Outlet({
        sink,
        slices: this.#slices,
        timers: this.#timers,
        holding: this.#options.holding ?? holding,
        close: (code, reason) => subscriber.close(code, reason),
        onStalled: this.#counted.stalled,
      });
      this.#outlets.set(sink, outlet);
    }
    return outlet;
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
    if (session_id === "*") return await this.#toAll(params, subscriber);
    const { result, subscription, takeName } = await openSubscription(params, {
      subscription_id: randomUUID(),
      store: this.#options.store,
      followers: this.#followers,
      pages: this.#pages,
      consumers: this.consumers,
      outlet: this.#outletOf(subscriber),
      timers: this.#timers,
      counted: this.#counted,
      factsOf: this.#options.factsOf ?? (() => []),
      onEnd: (ended) => this.#leave(subscriber, session_id, ended),
      onError: this.#onError,
      close: (code, reason) => subscriber.close(code, reason),
    });
    if (this.#enter(subscriber, session_id, subscription)) takeName();
    return { result, start: () => subscription.start() };
  }

  async #toAll(params: ParsedParams<"subscribe">, subscriber: Subscriber): Promise<Reply> {
    const { since, events, filter, ack, batch } = params;
    if ([since, events, filter, ack, batch].some((option) => option !== undefined)) {
      const message = 'A subscription to "*" takes no events, filter, since, ack or batch.';
      throw new ProtocolError("invalid_params", message);
    }
    const { result, start, end } = await this.#overview.subscribe(this.#outletOf(subscriber));
    const { subscription_id } = result;
    const none = { seq: 0, lag: 0, unacked: 0, consumer: null };
    const active: Active = {
      subscription_id,
      facts: { subscription_id, session_id: "*", ...none },
      acknowledge: () => null,
      end: () => {
        end();
        this.#leave(subscriber, "*", active);
      },
    };
    this.#enter(subscriber, "*", active);
    return { result, start };
  }

  /** Gives a subscription its place; there is one a session. False when it comes too late. */
  #enter(subscriber: Subscriber, session_id: string, active: Active): boolean {
    subscriber.subscriptions.get(session_id)?.end();
    if (subscriber.closed || this.#closed) {
      active.end();
      return false;
    }
    this.#count += 1;
    subscriber.subscriptions.set(session_id, active);
    return true;
  }

  #leave({ subscriptions }: Subscriber, session_id: string, active: Active): void {
    if (subscriptions.get(session_id) !== active) return;
    subscriptions.delete(session_id);
    this.#count -= 1;
  }

  /** Ends one subscription; false when there is none such. */
  unsubscribe(
    { session_id, subscription_id }: ParsedParams<"unsubscribe">,
    { subscriptions }: Pick<Subscriber, "subscriptions">,
  ): boolean {
    if (session_id === undefined && subscription_id === undefined) {
      throw new ProtocolError("invalid_params", "Name a session_id or a subscription_id.");
    }
    const found = [...subscriptions].find(
      ([of, active]) =>
        (session_id === undefined || of === session_id) &&
        (subscription_id === undefined || active.subscription_id === subscription_id),
    );
    found?.[1].end();
    return found !== undefined;
  }

  /** Acknowledges up to a seq; resolves when a named reader's floor is stored. */
  async acknowledge(
    { subscription_id, seq }: ParsedParams<"ack">,
    { subscriptions }: Pick<Subscriber, "subscriptions">,
  ): Promise<Result<"ack">> {
    for (const active of subscriptions.values()) {
      if (active.subscription_id !== subscription_id) continue;
      const done = active.acknowledge(seq);
      if (done === null) {
        throw new ProtocolError("invalid_params", "This subscription was made without `ack`.");
      }
      await done.saved;
      return { acknowledged: done.acknowledged };
    }
    throw new ProtocolError("not_found", `There is no subscription ${subscription_id} here.`);
  }

  // What failed here is tried again on the next hint or poll.
  readonly #onError = (error: unknown): void => {
    this.#options.log.error({ err: error }, "events could not be read, sent or acknowledged");
  };

  /** Resolves when all that was acknowledged is stored. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#overview.close();
    this.#followers.close();
    this.#slices.close();
    await this.consumers.flush().catch(this.#onError);
  }
}
