// Subscriptions on a real store, with the wire replaced by a list of frames.
import { eventTypes } from "@cairn/shared/events";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FrameClient } from "../testing/frame-client.ts";
import { ManualTimers, settled } from "../testing/manual-timers.ts";
import { startSubscriptions } from "../testing/subscription-rig.ts";
import type { Active } from "./subscriptions.ts";
import type { SubscriptionRig } from "../testing/subscription-rig.ts";

let rig: SubscriptionRig;

beforeEach(async () => {
  rig = await startSubscriptions();
});

afterEach(async () => await rig.close());

test("several clients of one session get the same bytes, others get nothing", async () => {
  const [mine, other] = [await rig.log.newSession(), await rig.log.newSession()];
  const [a, b, c] = [rig.client(), rig.client(), rig.client()];
  for (const client of [a, b]) await client.subscribe({ session_id: mine });
  await c.subscribe({ session_id: other });
  await rig.log.commit(mine);
  await rig.log.commit(mine, "checkpoints_compacted");
  await rig.log.commit(other);
  await Promise.all([a.count(2), b.count(2), c.count(1)]);
  expect(a.raw).toEqual(b.raw);
  expect(a.frames.map(({ event_type }) => event_type)).toEqual([
    "checkpoint_created",
    "checkpoints_compacted",
  ]);
  expect(c.frames.map(({ data }) => data.session_id)).toEqual([other]);
});

test("a base subscriber gets the four base types only, and no transient message", async () => {
  const session_id = await rig.log.newSession();
  const [base, all] = [rig.client(), rig.client()];
  await base.subscribe({ session_id });
  await all.subscribe({ session_id, events: eventTypes });
  for (const type of eventTypes) await rig.log.commit(session_id, type);
  await all.count(eventTypes.length);
  rig.progress({
    event_type: "progress",
    data: {
      session_id,
      operation_id: session_id,
      kind: "restore",
      phase: "apply",
      done: 1,
      total: 2,
    },
  });
  await all.count(eventTypes.length + 1);
  expect(base.frames.map(({ event_type }) => event_type)).toEqual(eventTypes.slice(0, 4));
  expect(all.frames.map(({ event_type }) => event_type)).toEqual([...eventTypes, "progress"]);
});

test("[TRN4] facts of the moment come after the replay, and again to one that had fallen behind", async () => {
  let dirty_files = 1;
  const tell = (id: string) =>
    ({ event_type: "workspace_dirty", data: { session_id: id, dirty_files } }) as const;
  const facts = await startSubscriptions({ factsOf: (id) => [tell(id)] });
  const session_id = await facts.log.newSession();
  const typesOf = (client: FrameClient) => client.frames.map(({ event_type }) => event_type);
  try {
    await facts.log.commit(session_id);
    const [base, watcher] = [facts.client(), facts.client()];
    await base.subscribe({ session_id, since: "start" });
    await watcher.subscribe({ session_id, since: "start", transient: true });
    await watcher.count(3);
    expect(typesOf(watcher)).toEqual(["checkpoint_created", "sync", "workspace_dirty"]);
    expect(watcher.told("workspace_dirty")).toEqual([{ session_id, dirty_files: 1 }]);
    watcher.hold();
    await facts.log.commitAtOnce(session_id, 200);
    await base.event(201);
    expect(watcher.told("lagged")).toHaveLength(1);
    // Not worth keeping for one that has fallen behind: it gets what is true in the end.
    for (dirty_files of [2, 3]) facts.progress(tell(session_id));
    while (watcher.told("workspace_dirty").length < 2) {
      watcher.release(true);
      await settled();
    }
    expect(watcher.events.map(({ seq }) => seq)).toContain(201);
    expect(watcher.frames.at(-1)).toMatchObject({ data: { session_id, dirty_files: 3 } });
    expect(base.told("workspace_dirty")).toEqual([]);
  } finally {
    await facts.close();
  }
});

test("each class has its own prev, from where it began", async () => {
  const session_id = await rig.log.newSession();
  await rig.commitMany(session_id, 3);
  const [base, updates] = [rig.client(), rig.client()];
  expect(await base.subscribe({ session_id })).toMatchObject({ seq: 3, replayed: 0 });
  await updates.subscribe({ session_id, events: ["checkpoint_updated"] });
  await rig.log.commit(session_id, "checkpoint_updated");
  await rig.log.commit(session_id, "checkpoint_created");
  await rig.log.commit(session_id, "checkpoint_updated");
  await Promise.all([updates.count(2), base.count(1)]);
  const places = ({ frames }: FrameClient) => frames.map(({ prev, seq }) => [prev, seq]);
  expect(places(base)).toEqual([[3, 5]]);
  expect(places(updates)).toEqual([
    [3, 4],
    [4, 6],
  ]);
});

test("an event committed before subscribe never arrives, however late its hint is", async () => {
  const session_id = await rig.log.newSession();
  const [first, second] = [rig.client(), rig.client()];
  await first.subscribe({ session_id });
  const { seq } = await rig.log.commit(session_id, "checkpoint_created", false);
  expect(await second.subscribe({ session_id })).toMatchObject({ seq });
  rig.log.bus.publish({ session_id, seq });
  await rig.log.commit(session_id);
  await Promise.all([first.count(2), second.count(1)]);
  expect(second.seqs).toEqual([2]);
});

test("hints lost, doubled and out of order: every event once and in order", async () => {
  const session_id = await rig.log.newSession();
  const client = rig.client();
  await client.subscribe({ session_id });
  for (let i = 1; i <= 20; i += 1) {
    await rig.log.commit(session_id, "checkpoint_created", i % 3 === 0);
    if (i % 3 === 0) rig.log.bus.publish({ session_id, seq: i - 2 });
    if (i % 6 === 0) rig.log.bus.publish({ session_id, seq: i });
  }
  await rig.log.commit(session_id);
  await client.count(21);
  expect(client.seqs).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
});

test("a slow poll heals a lost hint", async () => {
  await rig.close();
  rig = await startSubscriptions({ pollMs: 20 });
  const session_id = await rig.log.newSession();
  const [client, overview] = [rig.client(), rig.client()];
  await client.subscribe({ session_id });
  await overview.subscribe({ session_id: "*" });
  await rig.log.commit(session_id, "checkpoint_created", false);
  await Promise.all([client.count(1), overview.count(1)]);
  expect(client.seqs).toEqual([1]);
  expect(overview.frames[0]?.data).toMatchObject({ session_id, session: { seq: 1 } });
});

test("a second subscribe to the same session replaces the first", async () => {
  const session_id = await rig.log.newSession();
  const client = rig.client();
  const first = await client.subscribe({ session_id });
  const second = await client.subscribe({ session_id, events: ["checkpoint_created"] });
  expect(second.subscription_id).not.toBe(first.subscription_id);
  expect(rig.subscriptions.count).toBe(1);
  await rig.commitMany(session_id, 2);
  await client.count(2);
  await rig.log.commit(session_id, "checkpoint_deleted");
  await rig.log.commit(session_id);
  await client.count(3);
  expect(client.seqs).toEqual([1, 2, 4]);
});

test("what was said of the first comes before the reply to the second", async () => {
  await rig.close();
  const timers = new ManualTimers();
  rig = await startSubscriptions({ timers, syncMs: 25_000 });
  const session_id = await rig.log.newSession();
  await rig.commitMany(session_id, 5);
  const client = rig.client();
  await client.subscribe({ session_id, transient: true });
  await settled();
  timers.passAtOnce(25_000);
  expect(client.frames).toEqual([]);
  // A sync after the reply would say that what is about to be replayed has been sent.
  const { result } = await rig.subscriptions.subscribe({ session_id, transient: true }, client);
  expect(result.seq).toBe(5);
  expect(client.told("sync")).toMatchObject([{ seq: 5 }]);
});

test("[EVT3] what several subscriptions of one connection have in one tick leaves in one write", async () => {
  const sessions = [await rig.log.newSession(), await rig.log.newSession()];
  const client = rig.client();
  for (const session_id of sessions) await client.subscribe({ session_id });
  await settled();
  for (const session_id of sessions) await rig.log.commit(session_id, "checkpoint_created", false);
  for (const session_id of sessions) rig.log.bus.publish({ session_id, seq: 1 });
  await client.count(2);
  expect(client.sends).toBe(1);
});

test("a refused second subscribe leaves the first as it is", async () => {
  const session_id = await rig.log.newSession();
  const client = rig.client();
  await client.subscribe({ session_id });
  const missing = "00000000-0000-4000-8000-000000000000";
  await expect(client.subscribe({ session_id: missing })).rejects.toMatchObject({
    code: "session_not_found",
  });
  await rig.log.commit(session_id);
  await client.count(1);
});

test("unsubscribe by session or by id ends it; without either it is an error", async () => {
  const session_id = await rig.log.newSession();
  const client = rig.client();
  const { subscription_id } = await client.subscribe({ session_id });
  expect(() => rig.subscriptions.unsubscribe({}, client)).toThrow(/session_id/);
  expect(rig.subscriptions.unsubscribe({ subscription_id: "other" }, client)).toBe(false);
  expect(rig.subscriptions.unsubscribe({ subscription_id }, client)).toBe(true);
  expect(rig.subscriptions.unsubscribe({ subscription_id }, client)).toBe(false);
  await client.subscribe({ session_id });
  expect(rig.subscriptions.unsubscribe({ session_id }, client)).toBe(true);
  const witness = rig.client();
  await witness.subscribe({ session_id });
  await rig.log.commit(session_id);
  await witness.count(1);
  expect(client.frames).toEqual([]);
});

test("everything is freed when a connection closes, also in the middle of a subscribe", async () => {
  const sessions = await Promise.all([rig.log.newSession(), rig.log.newSession()]);
  const clients = Array.from({ length: 20 }, () => rig.client());
  for (const client of clients) {
    for (const session_id of sessions) await client.subscribe({ session_id });
    await client.subscribe({ session_id: "*" });
  }
  expect(rig.subscriptions.count).toBe(60);
  expect(rig.subscriptions.following).toBe(2);
  for (const client of clients) client.end();
  expect(rig.subscriptions.count).toBe(0);
  expect(rig.subscriptions.following).toBe(0);

  const late = rig.client();
  const halfway = late.subscribe({ session_id: sessions[0] ?? "" });
  late.end();
  await halfway;
  expect(rig.subscriptions.count).toBe(0);
  expect(rig.subscriptions.following).toBe(0);
});

test("at most 128 subscriptions a connection", async () => {
  const client = rig.client();
  for (let i = 0; i < 128; i += 1) client.subscriptions.set(`s${i}`, {} as Active);
  await expect(client.subscribe({ session_id: "*" })).rejects.toMatchObject({
    code: "limit_reached",
  });
});

test("sync comes by the clock to those who used an option", async () => {
  await rig.close();
  rig = await startSubscriptions({ syncMs: 20 });
  const session_id = await rig.log.newSession();
  const [base, opted] = [rig.client(), rig.client()];
  await base.subscribe({ session_id });
  await opted.subscribe({ session_id, transient: true });
  await rig.log.commit(session_id);
  await opted.until(() => opted.frames.some(({ data }) => data.seq === 1));
  expect(opted.frames.filter(({ event_type }) => event_type === "sync").at(-1)).toMatchObject({
    data: { session_id, seq: 1 },
  });
  expect(base.seqs).toEqual([1]);
});
