import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome } from "./calls.ts";
import type { LiveEvent } from "./events.ts";
import { Subscriptions } from "./subscriptions.ts";
import { ManualSurroundings } from "./testing/manual-surroundings.ts";

const session_id = "0b4f5a52-4f0a-4f4e-9d7a-000000000001";
const filter = { tags: ["wanted"] };

interface Row {
  epoch: string;
  seq: number;
  wanted: boolean;
}

/** What the log, the network or the server does next. */
const Step = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "commit", wanted: true } as const) },
  { weight: 3, arbitrary: fc.constant({ do: "commit", wanted: false } as const) },
  { weight: 6, arbitrary: fc.constant({ do: "deliver" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "lose" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "repeat" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "swap" } as const) },
  { weight: 4, arbitrary: fc.constant({ do: "answer" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "redeliver" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "pass_time" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "reconnect" } as const) },
  { weight: 1, arbitrary: fc.constant({ do: "trim_log" } as const) },
  { weight: 1, arbitrary: fc.constant({ do: "new_epoch" } as const) },
);
type Step = typeof Step extends fc.Arbitrary<infer T> ? T : never;

const Options = fc.record({
  window: fc.option(fc.integer({ min: 1, max: 5 })),
  /** Events a frame at most. */
  batch: fc.integer({ min: 1, max: 4 }),
});
type Options = typeof Options extends fc.Arbitrary<infer T> ? T : never;

/** The server's side of a subscription. */
interface Subscription {
  id: string;
  /** Seq of the newest event that was sent, or where it began. */
  sent: number;
  floor: number;
  /** Where a replay ends that no `sync` has followed yet. */
  replayTo: number | null;
}

/** A server with one session whose live frames an unkind network handles; replies and replays are whole. */
class World {
  readonly #options: Options;
  readonly #around = new ManualSurroundings();
  readonly #client: Subscriptions;
  #log: Row[] = [];
  #head = { epoch: "e1", seq: 0 };
  #oldest = 1;
  #subscription: Subscription | null = null;
  #made = 0;
  #wire: { live: boolean; run: () => void }[] = [];
  #asked: (() => void)[] = [];
  #first = true;
  #gap = false;
  /** What the owner knows: all wanted events up to what it has loaded, and what it got since. */
  readonly known: Row[] = [];
  readonly doubles: Row[] = [];

  constructor(options: Options) {
    this.#options = options;
    const { window } = options;
    this.#client = new Subscriptions(this.#around, (method, params, answered) =>
      this.#asked.push(() => {
        if (method === "ack") this.#acknowledge(params as { subscription_id: string; seq: number });
        else this.#subscribe(params, answered);
      }),
    );
    this.#client.add(session_id, {
      filter,
      ...(window === null ? {} : { ack: { window } }),
      ...(options.batch === 1 ? {} : { batch: { max: options.batch } }),
      onEvents: (events) => {
        for (const event of events) this.#apply(event);
      },
      onGap: (gap) => {
        this.#gap = gap !== null;
      },
      onSubscribed: (reply) => {
        // The owner loads afresh: all that the log knows now.
        if (!reply.recovered || this.#first) {
          this.known.splice(0, Infinity, ...this.wanted().filter((row) => row.seq <= reply.seq));
        }
        this.#first = false;
      },
    });
    this.#client.connected();
  }

  wanted(): Row[] {
    return this.#log.filter((row) => row.wanted);
  }

  /** Events that were sent and are not acknowledged. */
  get unacknowledged(): number {
    const subscription = this.#subscription;
    if (subscription === null || this.#options.window === null) return 0;
    const { floor, sent } = subscription;
    return this.wanted().filter(({ seq }) => seq > floor && seq <= sent).length;
  }

  get gap(): boolean {
    return this.#gap;
  }

  step(step: Step): void {
    switch (step.do) {
      case "commit":
        return this.#commit(step.wanted);
      case "deliver":
        return this.#wire.shift()?.run();
      case "lose":
        if (this.#wire[0]?.live === true) this.#wire.shift();
        return undefined;
      case "repeat":
        if (this.#wire[0]?.live === true) this.#wire.splice(1, 0, this.#wire[0]);
        return undefined;
      case "swap":
        if (this.#wire[0]?.live === true && this.#wire[1]?.live === true) {
          this.#wire.splice(0, 2, this.#wire[1], this.#wire[0]);
        }
        return undefined;
      case "answer":
        return this.#asked.shift()?.();
      case "redeliver":
        return this.#redeliver();
      case "pass_time":
        return this.#around.advance(50);
      case "reconnect":
        return this.reconnect();
      case "trim_log":
        this.#oldest = this.#head.seq + 1;
        return undefined;
      case "new_epoch":
        return this.#newEpoch();
    }
  }

  reconnect(): void {
    this.#wire = [];
    this.#asked = [];
    this.#subscription = null;
    this.#client.disconnected();
    this.#client.connected();
  }

  /** The network is kind from now on. */
  settle(): void {
    this.#commit(true);
    for (let turn = 0; turn < 1_000; turn += 1) {
      const asked = this.#asked.shift();
      const frame = this.#wire.shift();
      asked?.();
      frame?.run();
      if (asked !== undefined || frame !== undefined) continue;
      this.#around.advance(50);
      if (this.#asked.length > 0) continue;
      if (this.unacknowledged === 0) return;
      this.#redeliver();
    }
    throw new Error("client and server never come to rest");
  }

  #newEpoch(): void {
    this.#head = { epoch: `${this.#head.epoch}'`, seq: 0 };
    this.#log = [];
    this.#oldest = 1;
    if (this.#subscription === null) return;
    const { id } = this.#subscription;
    this.#subscription = { id, sent: 0, floor: 0, replayTo: null };
  }

  #commit(wanted: boolean): void {
    const seq = this.#head.seq + 1;
    this.#head = { ...this.#head, seq };
    this.#log.push({ ...this.#head, wanted });
    this.#pump(true);
  }

  /** Sends what the window has room for. */
  #pump(live: boolean): void {
    const subscription = this.#subscription;
    if (subscription === null) return;
    const { sent, replayTo } = subscription;
    const room = (this.#options.window ?? Infinity) - this.unacknowledged;
    const next = this.wanted()
      .filter(({ seq }) => seq > sent)
      .slice(0, room);
    this.#send(next, sent, live && replayTo === null);
    subscription.sent = next.at(-1)?.seq ?? sent;
    const left = this.wanted().some(({ seq }) => seq > subscription.sent && seq <= (replayTo ?? 0));
    if (replayTo === null || left) return;
    subscription.replayTo = null;
    this.#sync(replayTo);
  }

  #redeliver(): void {
    const subscription = this.#subscription;
    if (subscription === null || this.unacknowledged === 0) return;
    const { floor, sent } = subscription;
    const again = this.wanted().filter(({ seq }) => seq > floor && seq <= sent);
    this.#send(again, floor, true, 1);
  }

  #sync(seq: number): void {
    const data = { session_id, epoch: this.#head.epoch, seq };
    const run = () => this.#client.transient({ event_type: "sync", data });
    this.#wire.push({ live: false, run });
  }

  #acknowledge({ subscription_id, seq }: { subscription_id: string; seq: number }): void {
    const subscription = this.#subscription;
    if (subscription?.id !== subscription_id) return;
    // After a new epoch, the ack of an event of the old one may still be on its way.
    if (seq > subscription.sent) return;
    subscription.floor = Math.max(subscription.floor, seq);
    this.#pump(true);
  }

  #subscribe(params: Asked, answered: (outcome: Outcome) => void): void {
    if (params.filter !== filter) throw new Error("the filter was not sent along");
    const { since } = params;
    const reaches =
      since === undefined ||
      (since.epoch === this.#head.epoch &&
        since.seq <= this.#head.seq &&
        since.seq + 1 >= this.#oldest);
    const from = since !== undefined && reaches ? since.seq : this.#head.seq;
    this.#made += 1;
    const id = `s${this.#made}`;
    const reply = {
      subscribed: true,
      session_id,
      subscription_id: id,
      epoch: this.#head.epoch,
      seq: from,
      oldest_seq: this.#oldest,
      recovered: reaches,
      replayed: this.wanted().filter(({ seq }) => seq > from).length,
    };
    this.#wire.push({ live: false, run: () => answered({ result: reply }) });
    const replayTo = since !== undefined && reaches ? this.#head.seq : null;
    this.#subscription = { id, sent: from, floor: from, replayTo };
    this.#pump(false);
  }

  #send(rows: readonly Row[], after: number, live: boolean, redelivered?: number): void {
    let prev = after;
    const events = rows.map(({ epoch, seq }) => {
      const again = redelivered === undefined ? {} : { redelivered };
      const event = { event_type: "checkpoint_created", data: { session_id }, epoch, seq, prev };
      prev = seq;
      return { ...event, ...again } as LiveEvent;
    });
    for (let at = 0; at < events.length; at += this.#options.batch) {
      const frame = events.slice(at, at + this.#options.batch);
      this.#wire.push({ live, run: () => this.#client.events(frame) });
    }
  }

  #apply({ epoch, seq }: LiveEvent): void {
    const row = { epoch, seq, wanted: true };
    if (this.known.some((one) => one.epoch === epoch && one.seq === seq)) this.doubles.push(row);
    this.known.push(row);
  }
}

interface Asked {
  filter?: object;
  since?: { epoch: string; seq: number };
}

test("[POS1] [POS2] [POS4] [RPL1] [RPL3] [ACK3] [BAT1] whatever is lost, repeated, swapped, sent again or cut, the owner ends with every event once and in order, and all is acknowledged", () => {
  fc.assert(
    fc.property(Options, fc.array(Step, { maxLength: 120, size: "max" }), (options, steps) => {
      const world = new World(options);
      for (const step of steps) world.step(step);
      world.settle();
      expect(world.doubles).toEqual([]);
      expect(world.known).toEqual(world.wanted());
      expect(world.unacknowledged).toBe(0);
      expect(world.gap).toBe(false);
    }),
    { numRuns: 10_000 },
  );
});
