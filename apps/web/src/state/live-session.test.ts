import { ProtocolError } from "@cairn/shared/errors";
import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { defaultSettings, type Session } from "@cairn/shared/session";
import { expect, test } from "vitest";
import { HandClock } from "../testing/hand-clock.ts";
import { checkpointRow, idOf, session_id } from "../testing/rows.ts";
import { liveEvent, ScriptedClient } from "../testing/scripted-client.ts";
import { LiveSession } from "./live-session.ts";

const session: Session = {
  session_id,
  name: "s",
  workspace: "/w",
  status: "open",
  labels: {},
  created_at: "2026-01-01T00:00:00.000Z",
  deleted_at: null,
  demo: false,
  head: null,
  checkpoints: 0,
  bytes: 0,
  last_event_at: null,
  seq: 0,
  epoch: "e",
  settings: defaultSettings,
};

function setUp() {
  const clock = new HandClock();
  const client = new ScriptedClient();
  const live = new LiveSession(session_id, () => client, clock);
  live.start();
  return { clock, client, live };
}

/** Lets promises that are settled already call back. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

async function givePage(client: ScriptedClient, rows: CheckpointSummary[], next_cursor?: string) {
  const page = client.take("list_checkpoints");
  const asked = client.asked.some((each) => each.method === "get_session");
  page.resolve({
    checkpoints: rows,
    total: rows.length,
    ...(next_cursor === undefined ? {} : { next_cursor }),
  });
  if (asked) client.take("get_session").resolve({ session });
  await settle();
  return page.params;
}

function shown(live: LiveSession): string[] {
  return Array.from({ length: live.log.length }, (_, at) => live.log.at(at)?.message ?? "");
}

const created = (seq: number, number: number) =>
  liveEvent(seq, "checkpoint_created", {
    about: number,
    checkpoint: checkpointRow(number),
    head: idOf(number),
  });

test("a first page, then events on top of it", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(2);
  await givePage(client, [checkpointRow(2), checkpointRow(1)]);
  client.event(created(3, 3));
  clock.pass(20);
  expect(shown(live)).toEqual(["checkpoint 3", "checkpoint 2", "checkpoint 1"]);
  expect(live.store.getState()).toMatchObject({ status: "ready", head: idOf(3) });
});

test("replayed history feeds the feed and leaves the rows to the page", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(2, { replayed: 2 });
  client.event(created(1, 1));
  client.event(liveEvent(2, "checkpoint_deleted", { about: 1 }));
  clock.pass(20);
  expect(live.store.getState().catchingUp).toEqual({ done: 2, total: 2 });
  await givePage(client, [checkpointRow(7)]);
  clock.pass(300);
  expect(shown(live)).toEqual(["checkpoint 7"]);
  expect(live.feed.snapshot().map((event) => event.seq)).toEqual([1, 2]);
});

test("a page that is older than an event does not undo it", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(5);
  client.event(liveEvent(6, "checkpoint_deleted", { about: 1, head: idOf(2) }));
  client.event(
    liveEvent(7, "checkpoint_updated", {
      about: 2,
      checkpoint: checkpointRow(2, { message: "tagged" }),
    }),
  );
  client.event(created(8, 3));
  clock.pass(20);
  await givePage(client, [checkpointRow(2), checkpointRow(1)]);
  expect(shown(live)).toEqual(["checkpoint 3", "tagged"]);
  expect(live.store.getState().head).toBe(idOf(3));
});

test("nor does an older page of older rows", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(1);
  await givePage(client, [checkpointRow(9)], "next");
  const loading = live.loadOlder();
  client.event(liveEvent(2, "checkpoint_deleted", { about: 4 }));
  clock.pass(20);
  expect(await givePage(client, [checkpointRow(5), checkpointRow(4)])).toMatchObject({
    cursor: "next",
  });
  await loading;
  expect(shown(live)).toEqual(["checkpoint 9", "checkpoint 5"]);
  expect(live.store.getState().older).toBe("none");
});

test("a reconnect that missed nothing keeps the rows; one that did loads them again", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(1);
  await givePage(client, [checkpointRow(1)]);
  client.subscribed(2, { replayed: 1 });
  client.event(created(2, 2));
  clock.pass(20);
  expect(client.asked).toEqual([]);
  expect(shown(live)).toEqual(["checkpoint 2", "checkpoint 1"]);

  client.subscribed(40, { recovered: false });
  expect(shown(live)).toEqual(["checkpoint 2", "checkpoint 1"]);
  await givePage(client, [checkpointRow(30)]);
  expect(shown(live)).toEqual(["checkpoint 30"]);
});

test("a compaction removes what it lists, and one that lists too little loads again", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(1);
  await givePage(client, [checkpointRow(3), checkpointRow(2), checkpointRow(1)]);
  client.event(liveEvent(2, "checkpoints_compacted", { removed: [idOf(1), idOf(2)] }));
  clock.pass(20);
  expect(shown(live)).toEqual(["checkpoint 3"]);
  client.event(liveEvent(3, "checkpoints_compacted", { reload: true }));
  clock.pass(20);
  await givePage(client, [checkpointRow(8)]);
  expect(shown(live)).toEqual(["checkpoint 8"]);
});

test("what comes out of the trash goes to its place, unless that page is not loaded yet", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(1);
  await givePage(client, [checkpointRow(9), checkpointRow(5)], "next");
  const checkpoints = [7, 2].map((number) => checkpointRow(number));
  client.event(liveEvent(2, "checkpoints_undeleted", { checkpoints }));
  clock.pass(20);
  expect(shown(live)).toEqual(["checkpoint 9", "checkpoint 7", "checkpoint 5"]);
});

test("frozen, it keeps count of what waits; following, nothing does", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(1);
  await givePage(client, [checkpointRow(1)]);
  live.freeze("scroll");
  client.event(created(2, 2));
  client.event(created(3, 3));
  clock.pass(20);
  const { frozen } = live.store.getState();
  expect(live.log.countNewer(frozen?.at ?? -1)).toBe(2);
  live.follow();
  expect(live.store.getState().frozen).toBeNull();
});

test("an unknown session is missing, any other failure can be tried again", async () => {
  const { client, live } = setUp();
  client.options?.onError?.(new ProtocolError("session_not_found", "No such session."));
  expect(live.store.getState().status).toBe("missing");

  const other = setUp();
  other.client.subscribed(1);
  other.client.take("list_checkpoints").reject(new ProtocolError("internal", "Broken."));
  await settle();
  expect(other.live.store.getState().status).toBe("failed");
  other.client.take("get_session");
  void other.live.reload();
  await givePage(other.client, [checkpointRow(1)]);
  expect(other.live.store.getState().status).toBe("ready");
});

test("a deleted session says so, and comes back when it is taken out of the trash", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(1);
  await givePage(client, []);
  client.event(liveEvent(2, "session_deleted"));
  clock.pass(20);
  expect(live.store.getState().status).toBe("deleted");
  client.event(liveEvent(3, "session_updated", { session }));
  clock.pass(20);
  expect(live.store.getState().status).toBe("ready");
});

test("a session that the server ended is followed again once it is seen out of the trash", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(1);
  await givePage(client, [checkpointRow(1)]);
  client.event(liveEvent(2, "session_deleted"));
  client.end("session_deleted");
  expect(live.store.getState().status).toBe("deleted");
  // As an overview that is late still knows it.
  live.see({ ...session, seq: 1 });
  expect(client.options).toBeNull();

  live.see({ ...session, seq: 3 });
  client.subscribed(3);
  await givePage(client, [checkpointRow(1)]);
  client.event(created(4, 2));
  clock.pass(20);
  expect(shown(live)).toEqual(["checkpoint 2", "checkpoint 1"]);
  expect(live.store.getState().status).toBe("ready");
});

test("listeners hear news after the rows show it, and no history", async () => {
  const { clock, client, live } = setUp();
  const heard: [number, number][] = [];
  live.onEvent((event) => heard.push([event.seq, live.log.length]));
  client.subscribed(1, { replayed: 1 });
  client.event(created(1, 1));
  await givePage(client, [checkpointRow(1)]);
  client.event(created(2, 2));
  clock.pass(20);
  expect(heard).toEqual([[2, 2]]);
});

test("a gap is known until it heals", async () => {
  const { client, live } = setUp();
  client.subscribed(1);
  await givePage(client, [checkpointRow(1)]);
  client.options?.onGap?.({ from: 2, to: 3 });
  expect(live.store.getState().gap).toEqual({ from: 2, to: 3 });
  client.options?.onGap?.(null);
  expect(live.store.getState().gap).toBeNull();
});

test("the events of a frame are shown in one go", async () => {
  const { clock, client, live } = setUp();
  client.subscribed(1);
  await givePage(client, [checkpointRow(1)]);
  let draws = 0;
  live.store.subscribe(() => (draws += 1));
  client.event(created(2, 2), created(3, 3), created(4, 4));
  clock.pass(20);
  expect(shown(live)).toEqual(["checkpoint 4", "checkpoint 3", "checkpoint 2", "checkpoint 1"]);
  expect(draws).toBe(1);
});
