// [SLO1] [SLO2] [SLO3] [SLO4] [SLO5]: what is held for a client that does not take it.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualTimers, settled } from "../testing/manual-timers.ts";
import type { FrameClient } from "../testing/frame-client.ts";
import { startSubscriptions } from "../testing/subscription-rig.ts";
import type { SubscriptionRig } from "../testing/subscription-rig.ts";

let rig: SubscriptionRig;
let timers: ManualTimers;
let session_id: string;
const counts = { lagged: 0, stalled: 0, behind: 0 };

beforeEach(async () => {
  timers = new ManualTimers();
  Object.assign(counts, { lagged: 0, stalled: 0, behind: 0 });
  rig = await startSubscriptions({
    timers,
    counted: {
      lagged: () => (counts.lagged += 1),
      stalled: () => (counts.stalled += 1),
      behind: () => (counts.behind += 1),
    },
  });
  session_id = await rig.log.newSession();
});
afterEach(async () => await rig.close());

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);
const seqsOf = (client: FrameClient): number[] => client.events.map(({ seq = 0 }) => seq);

/** Lets the client take what it holds, again and again, until the event has come. */
async function takeUntil(client: FrameClient, seq: number, each = (): void => undefined) {
  while (!client.events.some((event) => event.seq === seq)) {
    each();
    client.release(true);
    await settled();
    expect(client.closedWith).toBeNull();
  }
}

describe("[SLO1] a client that takes nothing", () => {
  test("is sent 100 events and no more; later everything, once, in order, linked by prev", async () => {
    const [slow, other] = [rig.client(), rig.client()];
    await slow.subscribe({ session_id });
    await other.subscribe({ session_id });
    slow.hold();
    for (let i = 0; i < 15; i += 1) await rig.log.commitAtOnce(session_id, 20);
    await other.event(300);
    await settled();
    expect(seqsOf(slow)).toEqual(upTo(100));
    expect(slow.subscriptions.get(session_id)?.facts).toMatchObject({ seq: 100, lag: 200 });
    let most = 0;
    let seen = 100;
    await takeUntil(slow, 300, () => {
      most = Math.max(most, seqsOf(slow).length - seen);
      seen = seqsOf(slow).length;
    });
    expect(most).toBeLessThanOrEqual(100);
    slow.release();
    await rig.log.commit(session_id);
    await slow.event(301);
    expect(seqsOf(slow)).toEqual(upTo(301));
    expect(slow.events.map(({ prev }) => prev)).toEqual([0, ...upTo(300)]);
    // A base client is told nothing else.
    expect(slow.frames).toHaveLength(301);
  });

  test("holds 256 KiB at most, and one event may be larger than that", async () => {
    const client = rig.client();
    await client.subscribe({ session_id });
    client.hold();
    for (let i = 0; i < 60; i += 1) await rig.log.commitAtOnce(session_id, 1, "x".repeat(10_000));
    await settled();
    expect(client.held).toBeGreaterThan(240 * 1024);
    expect(client.held).toBeLessThanOrEqual(256 * 1024);
    const huge = await rig.log.commitAtOnce(session_id, 1, "x".repeat(500_000));
    await takeUntil(client, huge, () => expect(client.held).toBeLessThanOrEqual(256 * 1024));
    expect(client.held).toBeGreaterThan(500_000);
    await rig.log.commit(session_id);
    await settled();
    expect(seqsOf(client)).toEqual(upTo(huge));
    client.release();
    await client.event(huge + 1);
  });

  test("and one that does take all gets a burst of more than that at once", async () => {
    const client = rig.client();
    await client.subscribe({ session_id });
    await settled();
    await rig.log.commitAtOnce(session_id, 80, "x".repeat(10_000));
    await settled();
    expect(seqsOf(client)).toEqual(upTo(80));
    expect(Math.max(...client.chunks.map(({ length }) => length))).toBeLessThanOrEqual(256 * 1024);
  });

  test("holds that much for all of its subscriptions together", async () => {
    const client = rig.client();
    const sessions = await Promise.all(upTo(10).map(() => rig.log.newSession()));
    for (const id of sessions) await client.subscribe({ session_id: id });
    client.hold();
    for (const id of sessions) await rig.log.commitAtOnce(id, 20, "x".repeat(5_000));
    await settled();
    expect(client.held).toBeLessThanOrEqual(256 * 1024);
    client.release();
    await client.count(200);
    for (const id of sessions) {
      const own = client.events.filter(({ data }) => data.session_id === id);
      expect(own.map(({ seq }) => seq)).toEqual(upTo(20));
    }
  });

  test("further behind than the ring remembers goes on from the log", async () => {
    const client = rig.client();
    await client.subscribe({ session_id, events: ["checkpoint_created", "session_updated"] });
    client.hold();
    for (let i = 0; i < 30; i += 1) await rig.log.commitAtOnce(session_id, 50);
    await settled();
    client.release();
    await client.event(1_500);
    expect(seqsOf(client)).toEqual(upTo(1_500));
    expect(client.events.map(({ prev }) => prev)).toEqual([0, ...upTo(1_499)]);
  });

  test("is not kept anything for: what waits is read again when there is room", async () => {
    const client = rig.client();
    await client.subscribe({ session_id });
    client.hold();
    await rig.log.commitAtOnce(session_id, 100);
    await rig.commitMany(session_id, 1);
    await settled();
    const before = client.chunks.length;
    for (let i = 0; i < 20; i += 1) await rig.log.commitAtOnce(session_id, 100);
    await settled();
    expect(client.chunks).toHaveLength(before);
    expect(client.outbox.held()).toBe(client.held);
  });
});

describe("[SLO3] lagged", () => {
  test("is told once, where the gap in time is, to those who opted in", async () => {
    const [base, opted] = [rig.client(), rig.client()];
    await base.subscribe({ session_id });
    const { subscription_id } = await opted.subscribe({ session_id, transient: true });
    for (const client of [base, opted]) client.hold();
    await rig.log.commitAtOnce(session_id, 100);
    await settled();
    // Nothing waits: all that there is was sent.
    expect(opted.told("lagged")).toEqual([]);
    await rig.log.commitAtOnce(session_id, 50);
    await settled();
    const data = { session_id, subscription_id, from: 101, to: 150 };
    expect(opted.told("lagged")).toEqual([data]);
    expect(opted.frames.at(-1)).toEqual({ event_type: "lagged", data });
    // It has to wait several times before it is even.
    for (let i = 0; i < 4; i += 1) await rig.log.commitAtOnce(session_id, 50);
    await takeUntil(opted, 350);
    await takeUntil(base, 350);
    expect(opted.told("lagged")).toHaveLength(1);
    expect(base.frames).toHaveLength(350);
    expect(counts.lagged).toBe(2);
    // Even again, and then behind again, is another time.
    for (const client of [base, opted]) client.release(true);
    await rig.log.commitAtOnce(session_id, 100);
    await rig.log.commitAtOnce(session_id, 1);
    await settled();
    expect(opted.told("lagged")).toHaveLength(2);
  });

  test("is not said of a replay that waits for its client", async () => {
    await rig.log.commitAtOnce(session_id, 500);
    const client = rig.client();
    client.hold();
    await client.subscribe({ session_id, since: "start" });
    await settled();
    expect(seqsOf(client)).toEqual(upTo(100));
    await takeUntil(client, 500);
    await settled();
    expect(client.told("lagged")).toEqual([]);
    expect(client.frames.at(-1)?.event_type).toBe("sync");
  });
});

describe("[SLO2] a client that takes nothing for 30 s", () => {
  test("is closed with 4408 when events wait", async () => {
    const client = rig.client();
    await client.subscribe({ session_id });
    client.hold();
    await rig.log.commitAtOnce(session_id, 101);
    await settled();
    await timers.pass(29_999);
    expect(client.closedWith).toBeNull();
    await timers.pass(1);
    expect(client.closedWith).toBe(4408);
    expect(counts.stalled).toBe(1);
    expect(rig.subscriptions.count).toBe(0);
  });

  test("is not, as long as nothing waits", async () => {
    const client = rig.client();
    await client.subscribe({ session_id });
    client.hold();
    await rig.log.commitAtOnce(session_id, 100);
    await timers.pass(120_000);
    expect(client.closedWith).toBeNull();
  });

  test("is not when it took some, however little, and everything comes", async () => {
    const client = rig.client();
    await client.subscribe({ session_id });
    client.hold();
    await rig.log.commitAtOnce(session_id, 300);
    for (let i = 0; i < 5; i += 1) {
      await timers.pass(20_000);
      client.takeSome(1);
    }
    expect(client.closedWith).toBeNull();
    client.release();
    await client.event(300);
    // Its time begins anew.
    client.hold();
    await rig.log.commitAtOnce(session_id, 300);
    await timers.pass(29_000);
    expect(client.closedWith).toBeNull();
    await timers.pass(1_001);
    expect(client.closedWith).toBe(4408);
  });

  test("is not when it unsubscribes from what waits", async () => {
    const client = rig.client();
    await client.subscribe({ session_id });
    client.hold();
    await rig.log.commitAtOnce(session_id, 200);
    await timers.pass(1_000);
    rig.subscriptions.unsubscribe({ session_id }, client);
    await timers.pass(60_000);
    expect(client.closedWith).toBeNull();
    // Nor does that end the watch for another one.
    const next = await rig.log.newSession();
    await client.subscribe({ session_id: next });
    await rig.log.commitAtOnce(next, 200);
    await timers.pass(31_000);
    expect(client.closedWith).toBe(4408);
  });
});

describe("[SLO4] a client further behind than the log reaches", () => {
  test.each([false, true])(
    "is closed with 4409, and told when it opted in: %s",
    async (transient) => {
      const client = rig.client();
      const { subscription_id } = await client.subscribe({ session_id, transient });
      client.hold();
      for (let i = 0; i < 25; i += 1) await rig.log.commitAtOnce(session_id, 50);
      await settled();
      await rig.log.trim(session_id, 10);
      client.release();
      await client.until(() => client.closedWith !== null);
      expect(client.closedWith).toBe(4409);
      expect(seqsOf(client)).toEqual(upTo(100));
      const reason = "log_trimmed";
      expect(client.told("subscription_ended")).toEqual(
        transient ? [{ session_id, subscription_id, reason }] : [],
      );
      expect(counts.behind).toBe(1);
    },
  );

  test("is served from memory, where that still has what the log has dropped", async () => {
    const client = rig.client();
    await client.subscribe({ session_id });
    client.hold();
    for (let i = 0; i < 10; i += 1) await rig.log.commitAtOnce(session_id, 50);
    await settled();
    await rig.log.trim(session_id, 1);
    client.release();
    await client.event(500);
    expect(seqsOf(client)).toEqual(upTo(500));
  });
});

test("transient messages are dropped for a client that is full, not kept for it", async () => {
  const client = rig.client();
  await client.subscribe({ session_id, transient: true });
  client.hold();
  const data = { session_id, operation_id: session_id, kind: "restore", phase: "apply" };
  const pad = "x".repeat(10_000);
  for (let done = 0; done < 100; done += 1) {
    rig.progress({ event_type: "progress", data: { ...data, kind: pad, done, total: 100 } });
    await settled();
  }
  expect(client.held).toBeLessThanOrEqual(256 * 1024);
  client.release();
  await rig.log.commit(session_id);
  await client.event(1);
});
