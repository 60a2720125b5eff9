// [RPL3] [RPL4] [RPL5]: where a replay begins, and logs that are cut short meanwhile.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../storage/store.ts";
import { at } from "../storage/testing/rows.ts";
import { settled } from "../testing/manual-timers.ts";
import type { FrameClient } from "../testing/frame-client.ts";
import { startSubscriptions } from "../testing/subscription-rig.ts";
import type { SubscriptionRig } from "../testing/subscription-rig.ts";

let rig: SubscriptionRig;
let session_id: string;

beforeEach(async () => {
  rig = await startSubscriptions();
  session_id = await rig.log.newSession();
});
afterEach(async () => await rig.close());

const seqsOf = (client: FrameClient): number[] => client.events.map(({ seq = 0 }) => seq);
const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** An event at each of these seconds. */
async function commitAt(...seconds: number[]): Promise<void> {
  for (const n of seconds) await rig.log.checkpoint(session_id, { created_at: at(n) });
}

describe("[RPL4] since a time", () => {
  test("begins with the first event from it on, whatever else the subscription wants", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 9 }), { maxLength: 12 }),
        fc.nat({ max: 10 }),
        async (seconds, from) => {
          session_id = await rig.log.newSession();
          const times = seconds.toSorted((a, b) => a - b);
          await commitAt(...times);
          const client = rig.client();
          const time = at(from);
          const reply = await client.subscribe({ session_id, since: { time } });
          const expected = times.flatMap((n, index) => (n >= from ? [index + 1] : []));
          expect(reply).toMatchObject({ recovered: true, replayed: expected.length });
          await client.until(() => client.told("sync").length === 1);
          expect(seqsOf(client)).toEqual(expected);
          client.end();
        },
      ),
      { numRuns: 50 },
    );
  });

  test("[RPL3] that may lie before what the log still has is not recovered", async () => {
    await commitAt(1, 2, 3, 4, 5, 6);
    await rig.log.trim(session_id, 3);
    const since = async (n: number) =>
      await rig.client().subscribe({ session_id, since: { time: at(n) } });
    // Of second 4 there may have been one that was dropped.
    expect(await since(4)).toMatchObject({ recovered: false, replayed: 0, seq: 6 });
    expect(await since(1)).toMatchObject({ recovered: false, replayed: 0, seq: 6 });
    expect(await since(5)).toMatchObject({ recovered: true, replayed: 2, seq: 4 });
    expect(await since(9)).toMatchObject({ recovered: true, replayed: 0, seq: 6 });
  });
});

describe("[RPL5] since the start", () => {
  test("is everything, in order, also more than the ring holds", async () => {
    for (let i = 0; i < 13; i += 1) await rig.log.commitAtOnce(session_id, 100);
    const client = rig.client();
    const reply = await client.subscribe({ session_id, since: "start" });
    expect(reply).toMatchObject({ recovered: true, replayed: 1_300, seq: 0 });
    await client.until(() => client.told("sync").length === 1);
    expect(seqsOf(client)).toEqual(upTo(1_300));
    expect(client.told("sync")).toMatchObject([{ seq: 1_300 }]);
  });

  test("[RPL3] is not recovered once that was dropped", async () => {
    await rig.log.commitAtOnce(session_id, 5);
    await rig.log.trim(session_id, 4);
    const client = rig.client();
    const reply = await client.subscribe({ session_id, since: "start" });
    expect(reply).toMatchObject({ recovered: false, replayed: 0, seq: 5, oldest_seq: 2 });
  });

  test("of an empty log is live from there", async () => {
    const client = rig.client();
    const reply = await client.subscribe({ session_id, since: "start" });
    expect(reply).toMatchObject({ recovered: true, replayed: 0, seq: 0 });
    await rig.log.commit(session_id);
    await client.event(1);
    expect(client.frames.map(({ event_type }) => event_type)[0]).toBe("sync");
  });
});

describe("[RPL3] a log that is cut short", () => {
  test.each([1_000, 5])("is served from where it begins; the ring holds %i", async (events) => {
    await rig.close();
    rig = await startSubscriptions({ ring: { events, bytes: 1_000_000 } });
    session_id = await rig.log.newSession();
    await rig.log.commitAtOnce(session_id, 50);
    await rig.log.trim(session_id, 20);
    const epoch = (await rig.log.store.position(session_id))?.epoch ?? "";
    const from = async (seq: number) => {
      const client = rig.client();
      return { client, reply: await client.subscribe({ session_id, since: { epoch, seq } }) };
    };
    expect((await from(29)).reply).toMatchObject({ recovered: false, replayed: 0 });
    const { client, reply } = await from(30);
    expect(reply).toMatchObject({ recovered: true, replayed: 20, oldest_seq: 31 });
    await client.event(50);
    expect(seqsOf(client)).toEqual(upTo(50, 31));
  });

  test("between the count and the replay is told in the reply, never with a gap", async () => {
    await rig.close();
    let trim = async (): Promise<void> => undefined;
    const wrap = (store: Store): Store =>
      new Proxy(store, {
        get: (of, key) => {
          const found = Reflect.get(of, key) as (...args: unknown[]) => Promise<unknown>;
          if (key !== "eventLines") return found.bind(of);
          return async (...args: unknown[]) => {
            const events = await found.apply(of, args);
            await trim();
            return events;
          };
        },
      });
    rig = await startSubscriptions({ wrap, ring: { events: 1, bytes: 1_000 } });
    session_id = await rig.log.newSession();
    await rig.log.commitAtOnce(session_id, 300);
    const client = rig.client();
    trim = async () => {
      trim = async () => undefined;
      await rig.log.trim(session_id, 10);
    };
    // Counting by a filter reads the log.
    const filter = { text: "" };
    const reply = await client.subscribe({ session_id, filter, since: "start" });
    expect(reply).toMatchObject({ recovered: false, replayed: 0, seq: 300 });
    await rig.log.commit(session_id);
    await client.event(301);
    expect(seqsOf(client)).toEqual([301]);
  });

  test("in the middle of a replay closes with 4409, after what came in order", async () => {
    await rig.close();
    rig = await startSubscriptions({ ring: { events: 1, bytes: 1_000 } });
    session_id = await rig.log.newSession();
    await rig.log.commitAtOnce(session_id, 300);
    const client = rig.client();
    client.hold();
    await client.subscribe({ session_id, since: "start" });
    await client.event(100);
    await rig.log.trim(session_id, 10);
    client.release();
    await client.until(() => client.closedWith !== null);
    expect(client.closedWith).toBe(4409);
    expect(seqsOf(client)).toEqual(upTo(100));
    expect(client.told("subscription_ended")).toMatchObject([{ reason: "log_trimmed" }]);
  });

  // Found by the simulation with seed 941527200.
  test("before it was read is told at once, though nothing that is wanted follows", async () => {
    const base = rig.client();
    await base.subscribe({ session_id });
    await settled();
    for (let i = 0; i < 2; i += 1) await rig.log.commit(session_id, "checkpoint_created", false);
    const { seq } = await rig.log.commit(session_id, "session_updated", false);
    await rig.log.trim(session_id, 1);
    rig.log.bus.publish({ session_id, seq });
    await settled();
    expect(base.closedWith).toBe(4409);
    expect(base.events).toEqual([]);
  });

  test("before it was read leaves nobody with a gap", async () => {
    const [base, opted] = [rig.client(), rig.client()];
    await base.subscribe({ session_id });
    await opted.subscribe({ session_id, transient: true });
    for (let i = 0; i < 5; i += 1) await rig.log.commit(session_id, "checkpoint_created", false);
    await rig.log.trim(session_id, 2);
    await rig.log.commit(session_id);
    await settled();
    for (const client of [base, opted]) {
      expect(client.closedWith).toBe(4409);
      expect(client.events).toEqual([]);
    }
    // Whoever comes now is served.
    const next = rig.client();
    await next.subscribe({ session_id, since: { last: 2 } });
    await rig.log.commit(session_id);
    await next.event(7);
    expect(seqsOf(next)).toEqual([5, 6, 7]);
  });
});

describe("a session that is deleted", () => {
  const deleted = async (): Promise<void> => {
    const deleted_at = at(9);
    await rig.log.store.transact((tx) => tx.updateSession(session_id, { deleted_at }));
    await rig.log.commit(session_id, "session_deleted");
  };

  test("[TRN3] ends what can be told so, after all that came before", async () => {
    const [base, named, other] = [rig.client(), rig.client(), rig.client()];
    await base.subscribe({ session_id });
    await named.subscribe({ session_id, events: ["checkpoint_created", "session_deleted"] });
    await other.subscribe({ session_id, transient: true, ack: { window: 1 } });
    await rig.log.commitAtOnce(session_id, 2);
    await deleted();
    await settled();
    const types = ({ frames }: FrameClient) => frames.map(({ event_type }) => event_type);
    expect(types(named)).toEqual([
      "checkpoint_created",
      "checkpoint_created",
      "session_deleted",
      "subscription_ended",
    ]);
    // Its window is full: it is not even with the log.
    expect(types(other)).toEqual(["checkpoint_created"]);
    expect(seqsOf(base)).toEqual([1, 2]);
    expect(rig.subscriptions.count).toBe(2);
    await expect(rig.client().subscribe({ session_id })).rejects.toMatchObject({
      code: "session_not_found",
    });
  });

  test("and brought back goes on for base clients, who were told nothing", async () => {
    const base = rig.client();
    await base.subscribe({ session_id });
    await deleted();
    await rig.log.store.transact((tx) => tx.updateSession(session_id, { deleted_at: null }));
    await rig.log.commit(session_id, "session_updated");
    const { seq } = await rig.log.commit(session_id);
    await base.event(seq);
    expect(base.frames).toHaveLength(1);
  });
});
