import { afterEach, beforeEach, expect, test } from "vitest";
import { LiveFacts } from "../sessions/live-facts.ts";
import { startSubscriptions } from "../testing/subscription-rig.ts";
import type { SubscriptionRig } from "../testing/subscription-rig.ts";

let rig: SubscriptionRig;

beforeEach(async () => {
  rig = await startSubscriptions();
});

afterEach(async () => await rig.close());

test('"*" snapshots all sessions, then sends each as it changes, at most four times a second', async () => {
  const sessions: string[] = [];
  for (let i = 0; i < 205; i += 1) sessions.push(await rig.log.newSession(`s${i}`));
  const client = rig.client();
  const reply = await client.subscribe({ session_id: "*" });
  expect(reply.sessions?.map(({ session_id }) => session_id).toSorted()).toEqual(
    sessions.toSorted(),
  );
  const [busy = "", calm = ""] = sessions;
  const start = performance.now();
  await rig.commitMany(busy, 50);
  await rig.log.commit(calm);
  await client.until(() => client.frames.some(({ data }) => data.session?.seq === 50));
  const elapsed = performance.now() - start;
  const ofBusy = client.frames.filter(({ data }) => data.session_id === busy);
  expect(ofBusy.length).toBeLessThanOrEqual(2 + Math.floor(elapsed / 250));
  expect(ofBusy.at(-1)?.data.session?.seq).toBe(50);
  expect(client.frames.some(({ data }) => data.session_id === calm)).toBe(true);
});

test('"*" sends null for a deleted session, and takes no events or since', async () => {
  const session_id = await rig.log.newSession();
  const client = rig.client();
  await client.subscribe({ session_id: "*" });
  await rig.log.store.transact((tx) =>
    tx.updateSession(session_id, { deleted_at: "2026-01-31T12:00:00.000Z" }),
  );
  await rig.log.commit(session_id, "session_deleted");
  await client.count(1);
  expect(client.frames[0]).toMatchObject({
    event_type: "session_summary",
    data: { session_id, session: null },
  });
  await expect(client.subscribe({ session_id: "*", since: { last: 1 } })).rejects.toMatchObject({
    code: "invalid_params",
  });
});

test("a session that has lost a fact is sent anew without it, though no message tells of that", async () => {
  const live = new LiveFacts(() => undefined);
  const facts = await startSubscriptions({
    show: (session) => live.show(session),
    onFactCleared: (listener) => live.onCleared(listener),
  });
  try {
    const session_id = await facts.log.newSession();
    live.set(session_id, { dirty_files: 3 });
    const client = facts.client();
    const { sessions } = await client.subscribe({ session_id: "*" });
    expect(sessions?.[0]).toMatchObject({ session_id, dirty_files: 3 });
    live.clear(session_id, "dirty_files");
    await client.count(1);
    expect(client.frames[0]).toMatchObject({ data: { session: { session_id } } });
    expect(client.frames[0]?.data.session).not.toHaveProperty("dirty_files");
  } finally {
    await facts.close();
  }
});
