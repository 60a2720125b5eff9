import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome } from "./calls.ts";
import type { EventType, LiveEvent } from "./events.ts";
import { Subscriptions } from "./subscriptions.ts";
import { ManualSurroundings } from "./testing/manual-surroundings.ts";

const session_id = "0b4f5a52-4f0a-4f4e-9d7a-000000000001";

interface Row {
  epoch: string;
  seq: number;
  event_type: EventType;
}

/** What the log, the network or the server does next. */
const Step = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "commit", wanted: true } as const) },
  { weight: 3, arbitrary: fc.constant({ do: "commit", wanted: false } as const) },
  { weight: 6, arbitrary: fc.constant({ do: "deliver" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "lose" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "repeat" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "swap" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "answer" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "reconnect" } as const) },
  { weight: 1, arbitrary: fc.constant({ do: "forget_log" } as const) },
  { weight: 1, arbitrary: fc.constant({ do: "new_epoch" } as const) },
);
type Step = typeof Step extends fc.Arbitrary<infer T> ? T : never;

type Frame = () => void;

/** A server with one session whose live frames an unkind network handles; replies and replays are whole. */
class World {
  #log: Row[] = [];
  #head = { epoch: "e1", seq: 0 };
  #oldest = 1;
  /** The seq of the newest event that the subscription was sent, null without one. */
  #classSeq: number | null = null;
  #wire: { live: boolean; run: Frame }[] = [];
  #asked: (() => void)[] = [];
  readonly #client: Subscriptions;
  /** What the owner knows: all wanted events of `epoch` up to what it has loaded, and applied since. */
  readonly known: Row[] = [];
  readonly doubles: Row[] = [];

  constructor() {
    this.#client = new Subscriptions(new ManualSurroundings(), (_method, params, answered) =>
      this.#asked.push(() => this.#subscribe(params, answered)),
    );
    this.#client.add(session_id, {
      events: ["checkpoint_created"],
      onEvent: (event) => this.#apply(event),
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

  #first = true;

  wanted(): Row[] {
    return this.#log.filter((row) => row.event_type === "checkpoint_created");
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
        if (this.#wire[0] !== undefined && this.#wire[0].live)
          this.#wire.splice(1, 0, this.#wire[0]);
        return undefined;
      case "swap":
        if (this.#wire[0]?.live === true && this.#wire[1]?.live === true) {
          this.#wire.splice(0, 2, this.#wire[1], this.#wire[0]);
        }
        return undefined;
      case "answer":
        return this.#asked.shift()?.();
      case "reconnect":
        return this.reconnect();
      case "forget_log":
        this.#oldest = this.#head.seq + 1;
        return undefined;
      case "new_epoch":
        this.#head = { epoch: `${this.#head.epoch}'`, seq: 0 };
        this.#log = [];
        this.#oldest = 1;
        this.#classSeq = this.#classSeq === null ? null : 0;
        return undefined;
    }
  }

  reconnect(): void {
    this.#wire = [];
    this.#asked = [];
    this.#classSeq = null;
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
      if (asked === undefined && frame === undefined) return;
    }
    throw new Error("client and server never come to rest");
  }

  #commit(isWanted: boolean): void {
    const seq = this.#head.seq + 1;
    this.#head = { ...this.#head, seq };
    const row: Row = {
      ...this.#head,
      event_type: isWanted ? "checkpoint_created" : "checkpoint_updated",
    };
    this.#log.push(row);
    if (this.#classSeq === null || !isWanted) return;
    this.#send(row, this.#classSeq, true);
    this.#classSeq = seq;
  }

  #subscribe({ since }: Asked, answered: (outcome: Outcome) => void): void {
    const reaches =
      since === undefined || (since.epoch === this.#head.epoch && since.seq + 1 >= this.#oldest);
    const replay =
      since === undefined || !reaches ? [] : this.wanted().filter(({ seq }) => seq > since.seq);
    const seq = since !== undefined && reaches ? since.seq : this.#head.seq;
    const reply = {
      subscribed: true,
      session_id,
      subscription_id: "s",
      epoch: this.#head.epoch,
      seq,
      oldest_seq: this.#oldest,
      recovered: reaches,
      replayed: replay.length,
    };
    this.#wire.push({ live: false, run: () => answered({ result: reply }) });
    let prev = seq;
    for (const row of replay) {
      this.#send(row, prev, false);
      prev = row.seq;
    }
    if (since !== undefined && reaches) {
      const data = { session_id, ...this.#head };
      const run = () => this.#client.transient({ event_type: "sync", data });
      this.#wire.push({ live: false, run });
    }
    this.#classSeq = Math.max(prev, seq);
  }

  #send({ epoch, seq, event_type }: Row, prev: number, live: boolean): void {
    const event = { event_type, data: { session_id }, epoch, seq, prev } as LiveEvent;
    this.#wire.push({ live, run: () => this.#client.events([event]) });
  }

  #apply({ epoch, seq, event_type }: LiveEvent): void {
    if (this.known.some((row) => row.epoch === epoch && row.seq === seq)) {
      this.doubles.push({ epoch, seq, event_type });
    }
    this.known.push({ epoch, seq, event_type });
  }
}

interface Asked {
  since?: { epoch: string; seq: number };
}

test("[POS1] [POS2] [POS4] [RPL1] [RPL3] whatever is lost, repeated, swapped or cut, the owner ends with every event once and in order", () => {
  fc.assert(
    fc.property(fc.array(Step, { maxLength: 120, size: "max" }), (steps) => {
      const world = new World();
      for (const step of steps) world.step(step);
      world.settle();
      expect(world.doubles).toEqual([]);
      expect(world.known).toEqual(world.wanted());
    }),
    { numRuns: 10_000 },
  );
});
