// [ACK1] [ACK2] [ACK3] [ACK4] and what belongs to them.
import type { ProtocolError } from "@cairn/shared/errors";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualTimers, settled } from "../testing/manual-timers.ts";
import type { Frame, FrameClient } from "../testing/frame-client.ts";
import { startSubscriptions } from "../testing/subscription-rig.ts";
import type { SubscriptionRig } from "../testing/subscription-rig.ts";

let rig: SubscriptionRig;
let timers: ManualTimers;
let session_id: string;
let redelivered = 0;

beforeEach(async () => {
  timers = new ManualTimers();
  redelivered = 0;
  const counted = { redelivered: (events: number) => (redelivered += events) };
  rig = await startSubscriptions({ timers, counted });
  session_id = await rig.log.newSession();
});
afterEach(async () => await rig.close());

const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
const seqsOf = (client: FrameClient): number[] => client.events.map(({ seq = 0 }) => seq);
const times = ({ events }: FrameClient): [number?, number?][] =>
  events.map(({ seq, redelivered: n }) => [seq, n]);

async function subscribe(client: FrameClient, ack: object, more: object = {}) {
  const { subscription_id } = await client.subscribe({ session_id, ack, ...more });
  return async (seq: number): Promise<number> => {
    const done = await rig.subscriptions.acknowledge({ subscription_id, seq }, client);
    return done.acknowledged;
  };
}

describe("[ACK1] the window", () => {
  test("is all that is sent before something is acknowledged; acks are cumulative", async () => {
    const client = rig.client();
    const ack = await subscribe(client, { window: 5 });
    await settled();
    await rig.log.commitAtOnce(session_id, 12);
    await settled();
    expect(seqsOf(client)).toEqual(upTo(5));
    expect(client.subscriptions.get(session_id)?.facts).toMatchObject({ unacked: 5, lag: 7 });
    expect(await ack(3)).toBe(3);
    await settled();
    expect(seqsOf(client)).toEqual(upTo(8));
    expect(await ack(8)).toBe(8);
    await client.event(12);
    expect(client.events.map(({ prev }) => prev)).toEqual([0, ...upTo(11)]);
    expect(client.events.every((event) => event.redelivered === undefined)).toBe(true);
    // A full window is not a slow client.
    expect(client.told("lagged")).toEqual([]);
  });

  test("may be larger than what a client without acks is held", async () => {
    const client = rig.client();
    const ack = await subscribe(client, { window: 300 });
    client.hold();
    for (let i = 0; i < 4; i += 1) await rig.log.commitAtOnce(session_id, 100);
    await settled();
    expect(seqsOf(client)).toEqual(upTo(300));
    await ack(250);
    await settled();
    expect(seqsOf(client)).toEqual(upTo(400));
  });

  test("bounds a replay too; sync comes after the last of it", async () => {
    await rig.log.commitAtOnce(session_id, 30);
    const client = rig.client();
    const ack = await subscribe(client, { window: 10 }, { since: "start" });
    await settled();
    expect(seqsOf(client)).toEqual(upTo(10));
    await rig.log.commit(session_id);
    for (const seq of [10, 20]) {
      expect(client.told("sync")).toEqual([]);
      await ack(seq);
      await settled();
    }
    expect(client.frames.map(({ seq }) => seq)).toEqual([...upTo(30), undefined]);
    expect(client.told("sync")).toMatchObject([{ seq: 30 }]);
    await ack(30);
    await client.event(31);
  });
});

describe("[ACK2] an ack", () => {
  test("below the floor changes nothing, beyond what was sent acknowledges what was", async () => {
    const client = rig.client();
    const ack = await subscribe(client, { window: 3 });
    await rig.log.commitAtOnce(session_id, 6);
    await settled();
    expect(await ack(2)).toBe(2);
    expect(await ack(1)).toBe(2);
    await settled();
    expect(await ack(1_000)).toBe(5);
    await client.event(6);
  });

  test("[ACK4] of no subscription, or of one without acks, is an error", async () => {
    const client = rig.client();
    const { subscription_id } = await client.subscribe({ session_id });
    const refused = async (params: { subscription_id: string; seq: number }) =>
      await rig.subscriptions
        .acknowledge(params, client)
        .catch((error: ProtocolError) => error.code);
    expect(await refused({ subscription_id, seq: 1 })).toBe("invalid_params");
    expect(await refused({ subscription_id: "other", seq: 1 })).toBe("not_found");
  });
});

describe("[ACK3] without an ack for wait_ms", () => {
  test("all that is not acknowledged comes again, in order, and says how often it did", async () => {
    const client = rig.client();
    const ack = await subscribe(client, { window: 10, wait_ms: 1_000 });
    await rig.log.commitAtOnce(session_id, 4);
    await settled();
    await ack(1);
    await timers.pass(999);
    expect(seqsOf(client)).toEqual(upTo(4));
    await timers.pass(1);
    const second = upTo(4, 2).map((seq) => [seq, 1]);
    expect(times(client).slice(4)).toEqual(second);
    await ack(3);
    await rig.log.commit(session_id);
    await timers.pass(1_000);
    // What has come meanwhile was sent once; the rest is about to come a third time.
    expect(times(client).slice(7)).toEqual([
      [5, undefined],
      [4, 2],
      [5, 1],
    ]);
    expect(redelivered).toBe(5);
    await ack(5);
    await timers.pass(10_000);
    expect(client.events).toHaveLength(10);
  });

  test("nothing comes again while the client cannot have got it", async () => {
    const client = rig.client();
    await subscribe(client, { wait_ms: 1_000 });
    client.hold();
    await rig.log.commitAtOnce(session_id, 5);
    await timers.pass(20_000);
    expect(seqsOf(client)).toEqual(upTo(5));
    client.release();
    await timers.pass(1_000);
    expect(times(client).slice(5)).toEqual(upTo(5).map((seq) => [seq, 1]));
  });

  test("an ack in the middle of it skips what it acknowledges", async () => {
    const client = rig.client();
    const ack = await subscribe(client, { window: 300, wait_ms: 1_000 });
    for (let i = 0; i < 3; i += 1) await rig.log.commitAtOnce(session_id, 100);
    await client.event(300);
    // Each chunk fills the sink, so that it waits after the first.
    const sent = client.chunks.length;
    client.hold();
    await timers.pass(1_000);
    expect(client.chunks.length).toBeGreaterThan(sent);
    await ack(290);
    client.release();
    await settled();
    const last = client.events.filter(({ redelivered: n }) => n === 1).slice(-10);
    expect(last.map(({ seq }) => seq)).toEqual(upTo(300, 291));
  });

  test("it comes from the log when no ring has it any more", async () => {
    await rig.close();
    timers = new ManualTimers();
    rig = await startSubscriptions({ timers, ring: { events: 2, bytes: 1_000_000 } });
    session_id = await rig.log.newSession();
    const client = rig.client();
    await subscribe(client, { window: 10, wait_ms: 1_000 });
    for (let i = 0; i < 8; i += 1) await rig.log.commit(session_id);
    await client.event(8);
    await timers.pass(1_000);
    expect(times(client).slice(8)).toEqual(upTo(8).map((seq) => [seq, 1]));
    expect(client.events.slice(8).map(({ prev }) => prev)).toEqual(upTo(7, 0));
  });

  test("[SLO4] what the log no longer has ends the subscription, not the connection", async () => {
    await rig.close();
    timers = new ManualTimers();
    rig = await startSubscriptions({ timers, ring: { events: 2, bytes: 1_000_000 } });
    session_id = await rig.log.newSession();
    const client = rig.client();
    await subscribe(client, { window: 10, wait_ms: 1_000 });
    for (let i = 0; i < 8; i += 1) await rig.log.commit(session_id);
    await client.event(8);
    await rig.log.trim(session_id, 2);
    await timers.pass(1_000);
    expect(client.told("subscription_ended")).toMatchObject([{ reason: "log_trimmed" }]);
    expect(client.events).toHaveLength(8);
    expect(client.closedWith).toBeNull();
    expect(rig.subscriptions.count).toBe(0);
  });
});

test("every event at least once and in order, whatever is acknowledged, held and waited for (seeded)", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("commit" as const), n: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ kind: fc.constant("ack" as const), n: fc.nat({ max: 5 }) }),
    fc.record({ kind: fc.constant("pass" as const), n: fc.constantFrom(1, 500, 1_000) }),
    fc.record({ kind: fc.constantFrom("hold" as const, "release" as const), n: fc.constant(0) }),
  );
  const batch = fc.option(fc.constant({ max: 3, interval_ms: 20 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.integer({ min: 1, max: 9 }),
      batch,
      async (steps, window, batched) => {
        session_id = await rig.log.newSession();
        const client = rig.client();
        const more = batched === undefined ? {} : { batch: batched };
        const ack = await subscribe(client, { window, wait_ms: 1_000 }, more);
        let head = 0;
        for (const { kind, n } of steps) {
          if (kind === "commit") head = await rig.log.commitAtOnce(session_id, n);
          else if (kind === "ack") await ack((seqsOf(client).at(-1) ?? 0) - n);
          else if (kind === "pass") await timers.pass(n);
          else if (kind === "hold") client.hold();
          else client.release();
          await settled();
        }
        client.release();
        const hasAll = () => head === 0 || seqsOf(client).includes(head);
        while (!hasAll()) {
          await ack(Math.max(0, ...seqsOf(client)));
          await timers.pass(50);
        }
        client.end();
        judge(client.events, window);
        const seen = [...new Set(seqsOf(client))];
        expect(seen).toEqual(upTo(head));
      },
    ),
    { numRuns: 60 },
  );
});

/** New events in order without a gap; what comes again says so, and is linked. */
function judge(events: readonly Frame[], window: number): void {
  const sent = new Map<number, number>();
  for (const [at, { seq = 0, prev = 0, redelivered: n = 0 }] of events.entries()) {
    expect(n).toBe(sent.get(seq) ?? 0);
    expect(prev).toBe(seq - 1);
    const earliest = n > 0 ? (events[at - 1]?.seq ?? 0) - window : 0;
    expect(seq).toBeGreaterThan(earliest);
    sent.set(seq, n + 1);
  }
}
