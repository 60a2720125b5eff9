// [BAT1] [BAT2] [BAT3]
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualTimers, settled } from "../testing/manual-timers.ts";
import type { FrameClient } from "../testing/frame-client.ts";
import { startSubscriptions } from "../testing/subscription-rig.ts";
import type { SubscriptionRig } from "../testing/subscription-rig.ts";

let rig: SubscriptionRig;
let timers: ManualTimers;
let session_id: string;

beforeEach(async () => {
  timers = new ManualTimers();
  rig = await startSubscriptions({ timers, syncMs: 25_000 });
  session_id = await rig.log.newSession();
});
afterEach(async () => await rig.close());

/** The seqs of each frame; of a transient message its type. */
const shapes = ({ frames }: FrameClient): unknown[] =>
  frames.map(({ event_type, events }) => events?.map(({ seq }) => seq) ?? event_type);
const batch = { max: 4, interval_ms: 100 };

test("[BAT2] the first leaves at once, the next wait for each other, a silence begins anew", async () => {
  const client = rig.client();
  await client.subscribe({ session_id, batch });
  await rig.log.commit(session_id);
  await settled();
  expect(shapes(client)).toEqual([[1]]);
  await rig.log.commit(session_id);
  await rig.log.commit(session_id);
  await timers.pass(99);
  expect(shapes(client)).toEqual([[1]]);
  await timers.pass(1);
  expect(shapes(client)).toEqual([[1], [2, 3]]);
  await timers.pass(100);
  await rig.log.commit(session_id);
  await settled();
  expect(shapes(client)).toEqual([[1], [2, 3], [4]]);
});

test("[BAT1] a full batch does not wait, and none has more than max", async () => {
  const client = rig.client();
  await client.subscribe({ session_id, batch });
  await rig.log.commit(session_id);
  await settled();
  await rig.log.commitAtOnce(session_id, 10);
  await settled();
  expect(shapes(client)).toEqual([[1], [2, 3, 4, 5], [6, 7, 8, 9]]);
  await timers.pass(100);
  expect(shapes(client).slice(3)).toEqual([[10, 11]]);
  expect(client.events.map(({ prev }) => prev)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("a replay is batched too, and waits for nothing", async () => {
  await rig.log.commitAtOnce(session_id, 10);
  const client = rig.client();
  const reply = await client.subscribe({ session_id, batch, since: { last: 9 } });
  expect(reply.replayed).toBe(9);
  await settled();
  expect(shapes(client)).toEqual([[2, 3, 4, 5], [6, 7, 8, 9], [10], "sync"]);
});

test("from the log itself, whole events of it are batched as those of a ring", async () => {
  await rig.close();
  rig = await startSubscriptions({ timers, ring: { events: 1, bytes: 1_000_000 } });
  session_id = await rig.log.newSession();
  await rig.log.commitAtOnce(session_id, 6);
  const client = rig.client();
  await client.subscribe({ session_id, batch, since: "start" });
  await settled();
  expect(shapes(client)).toEqual([[1, 2, 3, 4], [5, 6], "sync"]);
  const { events } = await rig.log.store
    .events({ session_id, after: 0, limit: 10 })
    .then((logged) => ({ events: logged.map((event, at) => ({ ...event, prev: at })) }));
  expect(client.events).toEqual(events);
});

test("[BAT3] no sync tells of what still waits", async () => {
  const client = rig.client();
  await client.subscribe({ session_id, batch: { max: 100, interval_ms: 10_000 } });
  await timers.pass(24_000);
  await rig.log.commit(session_id);
  await settled();
  await rig.log.commit(session_id);
  await timers.pass(1_000);
  expect(shapes(client)).toEqual([[1]]);
  await timers.pass(9_000);
  expect(shapes(client)).toEqual([[1], [2]]);
  await timers.pass(16_000);
  expect(shapes(client)).toEqual([[1], [2], "sync"]);
});

test("two that batch alike get the same bytes", async () => {
  const [a, b] = [rig.client(), rig.client()];
  for (const client of [a, b]) await client.subscribe({ session_id, batch });
  await rig.log.commitAtOnce(session_id, 4);
  await settled();
  expect(shapes(a)).toEqual([[1, 2, 3, 4]]);
  expect(b.chunks[0]).toBe(a.chunks[0]);
});

test("an interval of 0 sends what there is; without batch none is ever sent", async () => {
  const [eager, plain] = [rig.client(), rig.client()];
  await eager.subscribe({ session_id, batch: { max: 10, interval_ms: 0 } });
  await plain.subscribe({ session_id });
  for (let i = 0; i < 3; i += 1) {
    await rig.log.commitAtOnce(session_id, 2);
    await settled();
  }
  expect(shapes(eager)).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect(plain.seqs).toEqual([1, 2, 3, 4, 5, 6]);
});
