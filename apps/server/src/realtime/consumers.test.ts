// [CON1] [CON2] [CON3] [CON4]
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventLog } from "../testing/event-log.ts";
import { openEventLog } from "../testing/event-log.ts";
import { ManualTimers, settled } from "../testing/manual-timers.ts";
import type { FrameClient } from "../testing/frame-client.ts";
import { startSubscriptions } from "../testing/subscription-rig.ts";
import type { SubscriptionRig } from "../testing/subscription-rig.ts";

let eventLog: EventLog;
let rig: SubscriptionRig;
let timers: ManualTimers;
let session_id: string;
let writes = 0;
let failing = false;

async function start(): Promise<void> {
  timers = new ManualTimers();
  const now = (): number => Date.UTC(2026, 0, 31) + timers.now();
  rig = await startSubscriptions({
    eventLog,
    timers,
    now,
    wrap: (store) => ({
      ...readsOf(store),
      transact: async (work) => {
        writes += 1;
        if (failing) throw new Error("the disk is gone");
        return await store.transact(work);
      },
    }),
  });
}

/** A store's methods, so that one of them can be replaced. */
function readsOf(store: EventLog["store"]): EventLog["store"] {
  return new Proxy(store, {
    ownKeys: () => [
      "session",
      "sessions",
      "position",
      "events",
      "eventLines",
      "eventPaths",
      "countEvents",
      "seqBeforeLast",
      "consumer",
      "consumers",
    ],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: (of, key) => (Reflect.get(of, key) as (...args: unknown[]) => unknown).bind(of),
  });
}

beforeEach(async () => {
  eventLog = await openEventLog();
  writes = 0;
  failing = false;
  await start();
  session_id = await eventLog.newSession();
});
afterEach(async () => {
  await rig.close();
  await eventLog.close();
});

const consumer = "mail.sender";
async function subscribe(client: FrameClient, more: object = {}) {
  const reply = await client.subscribe({ session_id, ack: { consumer, wait_ms: 60_000 }, ...more });
  const ack = async (seq: number) =>
    await rig.subscriptions.acknowledge({ subscription_id: reply.subscription_id, seq }, client);
  return { reply, ack };
}
const seqsOf = (client: FrameClient): number[] => client.events.map(({ seq = 0 }) => seq);
const stored = async () => await eventLog.store.consumer(session_id, consumer);

describe("[CON1] a named reader", () => {
  test("goes on from what it has acknowledged, after a reconnect and after a restart", async () => {
    await eventLog.commitAtOnce(session_id, 3);
    const first = rig.client();
    const { reply, ack } = await subscribe(first);
    // A new name begins at the head.
    expect(reply).toMatchObject({ seq: 3, recovered: true, replayed: 0 });
    await eventLog.commitAtOnce(session_id, 5);
    await first.event(8);
    await Promise.all([ack(5), timers.pass(100)]);
    first.end();

    const second = rig.client();
    const again = await subscribe(second);
    expect(again.reply).toMatchObject({ seq: 5, recovered: true, replayed: 3 });
    await second.event(8);
    expect(second.frames.map(({ seq }) => seq)).toEqual([6, 7, 8, undefined]);
    await Promise.all([again.ack(7), timers.pass(100)]);
    await rig.close();

    await start();
    await eventLog.commit(session_id);
    const third = rig.client();
    expect((await subscribe(third)).reply).toMatchObject({ seq: 7, replayed: 2 });
    await third.event(9);
    expect(seqsOf(third)).toEqual([8, 9]);
  });

  test("that has acknowledged nothing yet misses nothing either", async () => {
    const first = rig.client();
    await subscribe(first);
    await eventLog.commit(session_id);
    await first.event(1);
    first.end();
    const second = rig.client();
    expect((await subscribe(second)).reply).toMatchObject({ seq: 0, replayed: 1 });
    await second.event(1);
  });

  test("begins elsewhere with a since, and is not put back by it", async () => {
    const first = rig.client();
    const { ack } = await subscribe(first);
    await eventLog.commitAtOnce(session_id, 6);
    await first.event(6);
    await Promise.all([ack(6), timers.pass(100)]);
    const epoch = (await eventLog.store.position(session_id))?.epoch ?? "";
    const second = rig.client();
    const again = await subscribe(second, { since: { epoch, seq: 2 } });
    expect(again.reply).toMatchObject({ seq: 2, replayed: 4 });
    await second.event(6);
    await Promise.all([again.ack(4), timers.pass(100)]);
    expect((await stored())?.floor).toBe(6);
  });

  test("moves over what it does not want, so that its floor stays within the log", async () => {
    await rig.close();
    timers = new ManualTimers();
    rig = await startSubscriptions({ eventLog, timers, syncMs: 25_000 });
    const client = rig.client();
    await subscribe(client, { events: ["checkpoint_deleted"] });
    await eventLog.commitAtOnce(session_id, 50);
    await timers.pass(26_000);
    expect((await stored())?.floor).toBe(50);
    await eventLog.commitAtOnce(session_id, 10);
    await settled();
    client.end();
    await settled();
    expect((await stored())?.floor).toBe(60);
  });
});

describe("what is acknowledged", () => {
  test("is stored before its answer, and what comes close together is one write", async () => {
    const client = rig.client();
    const { ack } = await subscribe(client);
    await eventLog.commitAtOnce(session_id, 40);
    await client.event(40);
    await timers.pass(1_000);
    writes = 0;
    await ack(1);
    expect((await stored())?.floor).toBe(1);
    expect(writes).toBe(1);
    const answers: number[] = [];
    for (let seq = 2; seq <= 40; seq += 1) {
      void ack(seq).then(({ acknowledged }) => answers.push(acknowledged));
    }
    await timers.pass(49);
    expect([writes, answers.length]).toEqual([1, 0]);
    await timers.pass(1);
    await settled();
    expect(writes).toBe(2);
    expect(answers).toHaveLength(39);
    expect(await stored()).toMatchObject({ floor: 40, updated_at: "2026-01-31T00:00:01.050Z" });
    // Said again, it is stored already.
    await ack(40);
    await ack(3);
    expect(writes).toBe(2);
  });

  test("is stored at once when the server stops", async () => {
    const client = rig.client();
    const { ack } = await subscribe(client);
    await eventLog.commitAtOnce(session_id, 4);
    await client.event(4);
    await timers.pass(1_000);
    await ack(1);
    void ack(4);
    client.end();
    await rig.subscriptions.close();
    expect((await stored())?.floor).toBe(4);
  });

  test("is an error when it cannot be stored, and is stored by the next that can", async () => {
    const client = rig.client();
    const { ack } = await subscribe(client);
    await eventLog.commitAtOnce(session_id, 4);
    await client.event(4);
    await timers.pass(1_000);
    failing = true;
    await expect(ack(2)).rejects.toThrow("the disk is gone");
    failing = false;
    await timers.pass(1_000);
    await ack(3);
    expect((await stored())?.floor).toBe(3);
  });

  test("of a session that is purged meanwhile is forgotten without harm to others", async () => {
    const other = await eventLog.newSession();
    const client = rig.client();
    const { ack } = await subscribe(client);
    const { subscription_id } = await client.subscribe({ session_id: other, ack: { consumer } });
    await eventLog.commit(session_id);
    await eventLog.commit(other);
    await client.count(2);
    await timers.pass(1_000);
    await eventLog.store.transact((tx) => tx.purgeSession(session_id));
    await Promise.all([ack(1), rig.subscriptions.acknowledge({ subscription_id, seq: 1 }, client)]);
    expect((await eventLog.store.consumer(other, consumer))?.floor).toBe(1);
    expect(await stored()).toBeNull();
  });
});

describe("[CON2] a name", () => {
  test("is taken by the newer; the older is told, and gets nothing more", async () => {
    const [older, newer] = [rig.client(), rig.client()];
    const { reply } = await subscribe(older);
    await eventLog.commit(session_id);
    await older.event(1);
    await subscribe(newer);
    await newer.event(1);
    await eventLog.commit(session_id);
    await newer.event(2);
    const { subscription_id } = reply;
    const data = { session_id, subscription_id, reason: "consumer_taken" };
    expect(older.frames.slice(1)).toEqual([{ event_type: "subscription_ended", data }]);
    expect(older.closed).toBe(false);
    expect(rig.subscriptions.count).toBe(1);
    // Its end frees nothing that is not its own.
    older.end();
    expect(rig.subscriptions.consumers.isHeld(session_id, consumer)).toBe(true);
  });

  test("of another session is another; on the same connection it is only replaced", async () => {
    const client = rig.client();
    await subscribe(client);
    await client.subscribe({ session_id: await eventLog.newSession(), ack: { consumer } });
    expect(rig.subscriptions.count).toBe(2);
    await subscribe(client);
    await eventLog.commit(session_id);
    await client.event(1);
    expect(client.told("subscription_ended")).toEqual([]);
    expect(rig.subscriptions.count).toBe(2);
  });
});

describe("[CON3] the list", () => {
  test("tells what is stored and who is here; a deleted one is told, ended and forgotten", async () => {
    const client = rig.client();
    const { ack } = await subscribe(client);
    await eventLog.commitAtOnce(session_id, 3);
    await client.event(3);
    void ack(2);
    const { consumers } = rig.subscriptions;
    expect(await consumers.list(session_id)).toMatchObject([
      { consumer, floor: 2, connected: true },
    ]);
    // What is acknowledged just before does not bring it back.
    void ack(3);
    expect(await consumers.delete(session_id, consumer)).toBe(true);
    await settled();
    expect(client.told("subscription_ended")).toMatchObject([{ reason: "consumer_deleted" }]);
    expect(rig.subscriptions.count).toBe(0);
    await timers.pass(1_000);
    expect(await consumers.list(session_id)).toEqual([]);
    expect(await consumers.delete(session_id, consumer)).toBe(false);
    // The name is new again.
    expect((await subscribe(client)).reply).toMatchObject({ seq: 3, replayed: 0 });
  });
});

describe("[CON4] a floor that the log no longer reaches", () => {
  test("is told, again each time, until something is acknowledged", async () => {
    const first = rig.client();
    await subscribe(first);
    first.end();
    await eventLog.commitAtOnce(session_id, 10);
    await eventLog.trim(session_id, 3);
    for (let i = 0; i < 2; i += 1) {
      const client = rig.client();
      const { reply } = await subscribe(client);
      expect(reply).toMatchObject({ recovered: false, replayed: 0, seq: 10, oldest_seq: 8 });
      await settled();
      client.end();
      await timers.pass(1_000);
    }
    const client = rig.client();
    const { ack } = await subscribe(client);
    await eventLog.commit(session_id);
    await client.event(11);
    await Promise.all([ack(11), timers.pass(100)]);
    client.end();
    const next = rig.client();
    expect((await subscribe(next)).reply).toMatchObject({ recovered: true, seq: 11 });
  });

  test("just within the log is not", async () => {
    const first = rig.client();
    const { ack } = await subscribe(first);
    await eventLog.commitAtOnce(session_id, 10);
    await first.event(10);
    await Promise.all([ack(7), timers.pass(100)]);
    first.end();
    await eventLog.trim(session_id, 3);
    const second = rig.client();
    expect((await subscribe(second)).reply).toMatchObject({ recovered: true, replayed: 3 });
  });

  test("of another epoch is told too", async () => {
    const epoch = "another";
    const row = { session_id, consumer, epoch, floor: 0, updated_at: "2026-01-01T00:00:00.000Z" };
    await eventLog.store.transact((tx) => tx.saveConsumer(row));
    await eventLog.commit(session_id);
    const client = rig.client();
    expect((await subscribe(client)).reply).toMatchObject({ recovered: false, seq: 1 });
  });
});
