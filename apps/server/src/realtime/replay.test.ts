import type { EventType } from "@cairn/shared/events";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Frame, FrameClient } from "../testing/frame-client.ts";
import { startSubscriptions } from "../testing/subscription-rig.ts";
import type { SubscriptionRig } from "../testing/subscription-rig.ts";

let rig: SubscriptionRig;

/** Frames that a client would drop or take for a gap, by `prev`, `seq` and its own position. */
function gaps(client: FrameClient, replied: number): Frame[] {
  let position = replied;
  return client.frames.filter(({ event_type, prev = 0, seq = 0, data }) => {
    if (event_type === "sync") {
      position = Math.max(position, data.seq ?? 0);
      return false;
    }
    const fits = prev <= position && seq > position;
    position = Math.max(position, seq);
    return !fits;
  });
}

beforeEach(async () => {
  rig = await startSubscriptions();
});

afterEach(async () => await rig.close());

test("replay by cursor: reply, replayed, sync, live", async () => {
  const session_id = await rig.log.newSession();
  await rig.commitMany(session_id, 450);
  await rig.log.commit(session_id, "checkpoint_updated");
  const position = await rig.log.store.position(session_id);
  const client = rig.client();
  const { result, start } = await rig.subscriptions.subscribe(
    { session_id, since: { epoch: position?.epoch ?? "", seq: 20 } },
    client,
  );
  expect(result).toMatchObject({ recovered: true, replayed: 430, seq: 20, oldest_seq: 1 });
  // Nothing before the reply is on its way.
  expect(client.frames).toEqual([]);
  start();
  await client.count(431);
  await rig.log.commit(session_id);
  await client.count(432);
  expect(client.frames[430]).toMatchObject({
    event_type: "sync",
    data: { session_id, epoch: position?.epoch, seq: 451 },
  });
  const events = client.frames.filter(({ event_type }) => event_type !== "sync");
  expect(events.map(({ seq }) => seq)).toEqual([
    ...Array.from({ length: 430 }, (_, i) => 21 + i),
    452,
  ]);
  expect(events[0]).toMatchObject({ prev: 20 });
});

test("the last n count what passes the filter", async () => {
  const session_id = await rig.log.newSession();
  for (let i = 0; i < 10; i += 1) {
    await rig.log.commit(session_id, i % 2 === 0 ? "checkpoint_updated" : "checkpoint_created");
  }
  const client = rig.client();
  const events: EventType[] = ["checkpoint_updated"];
  const reply = await client.subscribe({ session_id, events, since: { last: 2 } });
  expect(reply).toMatchObject({ replayed: 2, recovered: true });
  await client.count(3);
  expect(client.seqs).toEqual([7, 9, undefined]);

  const none = rig.client();
  expect(await none.subscribe({ session_id, since: { last: 0 } })).toMatchObject({
    replayed: 0,
    seq: 10,
  });
  const many = rig.client();
  expect(await many.subscribe({ session_id, since: { last: 10_000 } })).toMatchObject({
    replayed: 5,
    recovered: true,
  });
});

test.each([
  ["another epoch", { epoch: "other", seq: 1 }],
  ["a position that the log does not have", { epoch: null, seq: 4 }],
])("%s: not recovered, live from now", async (_case, { epoch, seq }) => {
  const session_id = await rig.log.newSession();
  await rig.commitMany(session_id, 3);
  const real = (await rig.log.store.position(session_id))?.epoch ?? "";
  const client = rig.client();
  const reply = await client.subscribe({ session_id, since: { epoch: epoch ?? real, seq } });
  expect(reply).toMatchObject({ recovered: false, replayed: 0, seq: 3, epoch: real });
  await rig.log.commit(session_id);
  await client.count(2);
  expect(client.frames.map(({ event_type }) => event_type)).toEqual(["sync", "checkpoint_created"]);
});

test("committed while replaying: no gap and no double, whatever falls between (seeded)", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 420 }),
      fc.array(fc.constantFrom("commit", "yield", "hold", "release"), { maxLength: 40 }),
      fc.boolean(),
      async (backlog, steps, selective) => {
        const session_id = await rig.log.newSession();
        await rig.log.store.transact(async (tx) => {
          for (let i = 0; i < backlog; i += 1) {
            await tx.appendEvent({
              event_type: "checkpoint_created",
              data: {
                session_id,
                checkpoint_id: session_id,
                timestamp: "2026-01-31T12:00:00.000Z",
              },
              actor: "tester",
            });
          }
        });
        const epoch = (await rig.log.store.position(session_id))?.epoch ?? "";
        const client = rig.client();
        const from = Math.floor(backlog / 2);
        const subscribed = client.subscribe({
          session_id,
          since: { epoch, seq: from },
          ...(selective ? { events: ["checkpoint_created", "checkpoint_updated"] } : {}),
        });
        for (const step of steps) {
          if (step === "commit") await rig.log.commit(session_id);
          if (step === "yield") await new Promise((resolve) => setImmediate(resolve));
          if (step === "hold") client.hold();
          if (step === "release") client.release();
        }
        client.release();
        const reply = await subscribed;
        const last = await rig.log.commit(session_id);
        await client.until(() => client.frames.some(({ seq }) => seq === last.seq));
        const events = client.frames.filter(({ event_type }) => event_type !== "sync");
        expect(events.map(({ seq }) => seq)).toEqual(
          Array.from({ length: last.seq - from }, (_, i) => from + 1 + i),
        );
        expect(gaps(client, reply.seq)).toEqual([]);
        const syncAt = client.frames.findIndex(({ event_type }) => event_type === "sync");
        expect(syncAt).toBe(reply.replayed);
        client.end();
      },
    ),
    { numRuns: 40 },
  );
});

test("a log that cannot be read closes the connection in the range that reconnects", async () => {
  const session_id = await rig.log.newSession();
  // More than the ring keeps.
  await rig.commitMany(session_id, 1_200);
  const client = rig.client();
  client.hold();
  await client.subscribe({ session_id, since: "start" });
  await client.count(100);
  await rig.log.store.close();
  client.release();
  await client.until(() => client.closedWith !== null);
  expect(client.closedWith).toBe(4410);
});
