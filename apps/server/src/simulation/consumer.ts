// A reader that acknowledges, with or without a name. It remembers what it has processed as a
// program with a database would, drops what it has seen, and is sent everything at least once.
import type { LiveEvent } from "@cairn/shared/events";
import type { Actor, Stage } from "./actor.ts";
import { Breach, Follow, mustBeLogged } from "./follow.ts";
import { RawPeer } from "./raw-peer.ts";
import type { Message, Subscribed } from "./raw-peer.ts";
import { anySelection } from "./selection.ts";

/** One subscription as the wire shows it. */
interface Wire {
  subscription_id: string;
  /** The highest seq that was sent. */
  top: number;
  /** The seq that was sent last: below `top` while something is sent again. */
  last: number;
  /** Ours, and the server's own word for how far we are. */
  acked: number;
  confirmed: number;
}

export class Consumer implements Actor {
  readonly name: string;
  readonly #stage: Stage;
  readonly #peer: RawPeer;
  readonly #follow: Follow;
  readonly #params: object;
  readonly #window: number;
  readonly #consumer: string | undefined;
  /** Whether a reply has said that the server knows our name. */
  #known = false;
  #wire: Wire | null = null;
  /** What the server has said to be acknowledged, over all connections. */
  #reach: number | undefined;
  #calm = false;
  #ended = false;
  /** How much it cares about acknowledging. */
  readonly #care: number;

  constructor(name: string, stage: Stage) {
    this.name = name;
    this.#stage = stage;
    const { random, log } = stage;
    const session_id = random.pick(log.sessions);
    const { wants, params } = anySelection(random);
    this.#window = random.pick([1, 3, 10, 100]);
    this.#care = random.pick([0.1, 0.5, 0.9]);
    const wait_ms = random.pick([100, 1_000, 30_000]);
    this.#consumer = random.chance(0.6) ? name.replaceAll(" ", ".") : undefined;
    const named = this.#consumer === undefined ? {} : { consumer: this.#consumer };
    const batch = random.chance(0.3) ? { batch: { max: 5, interval_ms: 50 } } : {};
    this.#params = {
      session_id,
      ...params,
      ack: { window: this.#window, wait_ms, ...named },
      ...batch,
    };
    this.#follow = new Follow(stage, session_id, wants);
    this.#peer = new RawPeer(stage, {
      opened: () => this.#subscribe(),
      message: (message) => this.#message(message),
      closed: () => {
        this.#wire = null;
      },
    });
  }

  start(): void {
    this.#peer.connect();
  }

  #subscribe(): void {
    const { position, epoch } = this.#follow;
    const goesOn = this.#consumer !== undefined && this.#known;
    const since = position === null || goesOn ? {} : { since: { epoch, seq: position } };
    this.#peer.ask("subscribe", { ...this.#params, ...since }, (result, error) => {
      if (error === "excused") this.#peer.leave();
      else if (error !== null) throw new Breach(`subscribe failed: ${error}`);
      else this.#subscribed(result as Subscribed);
    });
  }

  #subscribed(reply: Subscribed): void {
    const { seq, subscription_id } = reply;
    this.#follow.resumed(reply, this.#consumer === undefined ? undefined : this.#reach);
    // Told to load afresh, it is told again until it has acknowledged something.
    this.#reach ??= reply.recovered ? seq : 0;
    this.#known = true;
    this.#wire = { subscription_id, top: seq, last: seq, acked: seq, confirmed: seq };
  }

  #message(message: Message): void {
    const { event_type, data } = message;
    switch (event_type) {
      case "batch": {
        if (!("batch" in this.#params)) throw new Breach("a batch that nobody asked for");
        const events = message.events ?? [];
        if (events.length < 1 || events.length > 5) throw new Breach(`a batch of ${events.length}`);
        for (const event of events) this.#event(event);
        return;
      }
      case "sync":
        if (this.#wire !== null) this.#synced(data.seq ?? 0, this.#wire);
        return;
      case "lagged":
        return;
      case "subscription_ended":
        this.#endedBy(message);
        return;
      default:
        if (message.seq === undefined) throw new Breach(`a ${event_type} that nobody asked for`);
        this.#event(message as unknown as LiveEvent);
    }
  }

  #endedBy({ data }: Message): void {
    if (data.subscription_id !== this.#wire?.subscription_id) return;
    // What a connection before this one had sent may come late, and take our name.
    const reasons =
      this.#consumer === undefined ? ["log_trimmed"] : ["log_trimmed", "consumer_taken"];
    if (!reasons.includes(data.reason ?? "")) throw new Breach(`ended by ${data.reason}`);
    this.#wire = null;
    this.#subscribe();
  }

  #synced(seq: number, wire: Wire): void {
    const next = this.#stage.log.next(this.#follow.session_id, this.#follow.wants, wire.top);
    if (next !== undefined && next.seq <= seq)
      throw new Breach(`a sync of ${seq} before ${next.seq}`);
  }

  #event(event: LiveEvent): void {
    const wire = this.#wire;
    if (wire === null) throw new Breach(`event ${event.seq} of no subscription`);
    const { log } = this.#stage;
    const { session_id, wants } = this.#follow;
    mustBeLogged(log, event);
    const after = (seq: number): number | undefined => log.next(session_id, wants, seq)?.seq;
    if (event.seq > wire.top) {
      const next = after(wire.top);
      if (event.seq !== next)
        throw new Breach(`sent ${event.seq} after ${wire.top}, next is ${next}`);
      wire.top = event.seq;
    } else {
      if ((event.redelivered ?? 0) < 1) throw new Breach(`sent ${event.seq} again without a word`);
      // It goes on, or begins again after a floor that we have acknowledged.
      const starts = event.seq !== after(wire.last);
      const low = after(wire.confirmed) ?? 0;
      const high = after(wire.acked) ?? Infinity;
      if (starts && (event.seq < low || event.seq > high)) {
        throw new Breach(
          `again from ${event.seq}, acknowledged is ${wire.confirmed}-${wire.acked}`,
        );
      }
    }
    wire.last = event.seq;
    const open = log.wanted(session_id, wants, wire.acked, event.seq).length;
    if (open > this.#window) throw new Breach(`${open} are not acknowledged of ${this.#window}`);
    // What it has processed before is dropped.
    if (event.seq > (this.#follow.position ?? 0)) {
      this.#follow.event(event);
      this.#stage.counted();
    }
    if (this.#calm || this.#stage.random.chance(this.#care)) this.#ack();
  }

  #ack(): void {
    const wire = this.#wire;
    const { position } = this.#follow;
    if (wire === null || position === null || !this.#peer.open) return;
    const seq = Math.min(position, wire.top);
    if (seq <= wire.acked && !this.#calm) return;
    wire.acked = Math.max(wire.acked, seq);
    const params = { subscription_id: wire.subscription_id, seq };
    if (this.#stage.random.chance(0.2)) {
      this.#peer.tell("ack", params);
      return;
    }
    this.#peer.ask("ack", params, (result, error) => {
      // One of a subscription that has been replaced or ended meanwhile.
      if (error !== null) {
        if (wire === this.#wire && error !== "excused") throw new Breach(`ack failed: ${error}`);
        return;
      }
      const { acknowledged } = result as { acknowledged: number };
      if (acknowledged < seq) throw new Breach(`acknowledged ${acknowledged} of ${seq}`);
      wire.confirmed = Math.max(wire.confirmed, acknowledged);
      this.#reach = Math.max(this.#reach ?? 0, acknowledged);
    });
  }

  step(): void {
    const { random } = this.#stage;
    if (!this.#peer.open || this.#wire === null) return;
    if (random.chance(0.05)) this.#peer.leave();
    else if (random.chance(0.5)) this.#ack();
  }

  calm(): void {
    this.#calm = true;
    this.#ack();
  }

  lacking(): string | null {
    return this.#ended ? null : this.#follow.lacking();
  }

  stop(): void {
    this.#ended = true;
    this.#peer.stop();
  }
}
