// A client of the whole protocol on the bare wire: it resumes by `since`, takes batches, and checks
// the order of reply, replay, `sync` and live events that the shared client would only get over.
import type { LiveEvent } from "@cairn/shared/events";
import type { Params } from "@cairn/shared/methods";
import type { Actor, Stage } from "./actor.ts";
import { Breach, Follow } from "./follow.ts";
import { RawPeer } from "./raw-peer.ts";
import type { Message, Subscribed } from "./raw-peer.ts";
import { anySelection } from "./selection.ts";

type Since = NonNullable<Params<"subscribe">["since"]>;

interface WatcherParams {
  batch?: { max: number; interval_ms: number };
  since?: Since;
}

export class Watcher implements Actor {
  readonly name: string;
  readonly #stage: Stage;
  readonly #peer: RawPeer;
  #follow: Follow;
  #params: WatcherParams;
  /** L of [POS1]. */
  #at = 0;
  /** The seq that this subscription was sent last, or where it began. */
  #top = 0;
  /** Replayed events that are still to come, then a `sync`; null when live. */
  #replaying: number | null = null;
  #asking = 0;

  constructor(name: string, stage: Stage) {
    this.name = name;
    this.#stage = stage;
    [this.#follow, this.#params] = this.#choose();
    this.#peer = new RawPeer(stage, {
      opened: () => this.#subscribe(),
      message: (message) => this.#message(message),
      closed: () => {
        this.#asking = 0;
      },
    });
  }

  #choose(): [Follow, WatcherParams] {
    const { random, log } = this.#stage;
    const { wants, params } = anySelection(random);
    const batch = { max: random.pick([2, 5, 100]), interval_ms: random.pick([0, 50, 1_000]) };
    const since = random.weighted<Since | undefined>([
      [2, undefined],
      [2, { last: random.pick([0, 1, 10, 300]) }],
      [1, "start"],
      [1, { time: new Date(Date.now() - random.below(100_000)).toISOString() }],
    ]);
    const all = {
      ...params,
      ...(random.chance(0.5) ? { batch } : {}),
      ...(since === undefined ? {} : { since }),
      ...(random.chance(0.3) ? { transient: true } : {}),
    };
    return [new Follow(this.#stage, random.pick(log.sessions), wants), all];
  }

  start(): void {
    this.#peer.connect();
  }

  #subscribe(): void {
    const follow = this.#follow;
    const { session_id, position, epoch } = follow;
    const since = position === null ? {} : { since: { epoch: epoch ?? "", seq: position } };
    const params = { session_id, ...this.#params, ...since };
    this.#asking += 1;
    this.#peer.ask("subscribe", params, (result, error) => {
      this.#asking -= 1;
      if (error === "excused") return this.#peer.leave();
      if (error !== null) throw new Breach(`subscribe failed: ${error}`);
      // Replaced by another one before it was answered.
      if (follow !== this.#follow || this.#asking > 0) return undefined;
      return this.#subscribed(result as Subscribed, params.since);
    });
  }

  #subscribed(reply: Subscribed, since: Since | undefined): void {
    const { log } = this.#stage;
    const { session_id, wants, position } = this.#follow;
    if (position === null) this.#began(reply, since);
    else this.#follow.resumed(reply, typeof since === "object" && "seq" in since ? since.seq : 0);
    if (!reply.recovered && reply.replayed > 0) throw new Breach("replays what is not recovered");
    const available = log.wanted(session_id, wants, reply.seq).length;
    if (reply.replayed > available) throw new Breach(`replays ${reply.replayed} of ${available}`);
    this.#at = reply.seq;
    this.#top = reply.seq;
    this.#replaying = since === undefined ? null : reply.replayed;
  }

  /** Whether a `since` without a cursor begins where it should. */
  #began(reply: Subscribed, since: Since | undefined): void {
    const { log } = this.#stage;
    const { session_id, wants } = this.#follow;
    const before = log.wanted(session_id, wants, log.oldest(session_id) - 1, reply.seq);
    this.#follow.began(reply);
    if (since === undefined) return;
    if (!reply.recovered) {
      // What was trimmed may have been wanted, or was being looked at.
      if (log.oldest(session_id) === 1) throw new Breach(`${JSON.stringify(since)} lost nothing`);
      return;
    }
    const left = ((): boolean => {
      if (since === "start") return before.length > 0;
      // What is committed meanwhile comes live, and counts.
      const after = log.wanted(session_id, wants, reply.seq).length;
      if ("last" in since) return before.length > 0 && after < since.last;
      if ("time" in since) {
        const times = before.map((seq) => log.event(session_id, seq)?.data.timestamp ?? "");
        return times.some((time) => time >= since.time);
      }
      return false;
    })();
    if (left) throw new Breach(`${JSON.stringify(since)} begins late, at ${reply.seq}`);
    if (typeof since === "object" && "last" in since && reply.replayed > since.last) {
      throw new Breach(`replays ${reply.replayed} for last ${since.last}`);
    }
  }

  #message(message: Message): void {
    const { event_type, data } = message;
    // What was sent before the reply belongs to the one that is being replaced.
    const about = event_type === "batch" ? message.events?.[0]?.data : data;
    const stale = this.#asking > 0 || about?.session_id !== this.#follow.session_id;
    switch (event_type) {
      case "batch": {
        const events = message.events ?? [];
        const max = stale ? Infinity : (this.#params.batch?.max ?? 0);
        if (events.length < 1 || events.length > max)
          throw new Breach(`a batch of ${events.length}`);
        for (const event of events) this.#event(event);
        return;
      }
      case "sync":
        if (!stale) this.#synced(data.seq ?? 0);
        return;
      case "lagged":
        return;
      case "subscription_ended":
        if (stale) return;
        if (data.reason !== "log_trimmed") throw new Breach(`ended by ${data.reason}`);
        this.#subscribe();
        return;
      default:
        if (message.seq === undefined) throw new Breach(`a ${event_type} that nobody asked for`);
        this.#event(message as unknown as LiveEvent);
    }
  }

  #synced(seq: number): void {
    this.#follow.synced(seq);
    if (this.#replaying !== null && this.#replaying > 0) {
      throw new Breach(`a sync before ${this.#replaying} replayed events`);
    }
    this.#replaying = null;
    this.#at = Math.max(this.#at, seq);
  }

  #event(event: LiveEvent): void {
    if (event.data.session_id !== this.#follow.session_id) {
      if (this.#asking > 0) return;
      throw new Breach(`an event of ${event.data.session_id}`);
    }
    if (event.redelivered !== undefined) throw new Breach("redelivered without ack");
    const { position } = this.#follow;
    if (this.#asking > 0) {
      // The one that is being replaced goes on until the reply.
      if (position !== null && event.seq > position) this.#apply(event);
      return;
    }
    const next = this.#stage.log.next(this.#follow.session_id, this.#follow.wants, this.#top)?.seq;
    if (event.seq !== next)
      throw new Breach(`event ${event.seq} after ${this.#top}, next is ${next}`);
    if (event.prev > this.#at)
      throw new Breach(`prev ${event.prev} of ${event.seq} at ${this.#at}`);
    this.#top = event.seq;
    this.#at = Math.max(this.#at, event.seq);
    // A replay begins where it was asked for; what came meanwhile is dropped.
    if (event.seq > (position ?? 0)) this.#apply(event);
    if (this.#replaying === null) return;
    if (this.#replaying === 0) throw new Breach(`event ${event.seq} before the sync of a replay`);
    this.#replaying -= 1;
  }

  #apply(event: LiveEvent): void {
    this.#follow.event(event);
    this.#stage.counted();
  }

  step(): void {
    const { random } = this.#stage;
    if (!this.#peer.open) return;
    random.weighted<() => void>([
      [4, () => this.#other()],
      [3, () => void (this.#asking === 0 && this.#subscribe())],
      [1, () => this.#peer.leave()],
      [10, () => undefined],
    ])();
  }

  /** Leaves this session for another, or for another selection of it. */
  #other(): void {
    const { session_id } = this.#follow;
    this.#peer.ask("unsubscribe", { session_id }, () => undefined);
    [this.#follow, this.#params] = this.#choose();
    this.#subscribe();
  }

  lacking(): string | null {
    return this.#follow.lacking();
  }

  stop(): void {
    this.#peer.stop();
  }
}
