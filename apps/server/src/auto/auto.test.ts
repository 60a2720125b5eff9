import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AutoRig } from "./testing/auto-rig.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

let rig: AutoRig;

beforeAll(async () => {
  rig = await AutoRig.start();
});

afterEach(async () => {
  rig.beforeApply = () => null;
  rig.beforeCapture = () => null;
  await rig.deleteAll();
});

afterAll(async () => {
  await rig.stop();
});

test("auto-checkpoints are off by default: changes make none, and nothing is watched", async () => {
  const { id, folder } = await rig.session({});
  await writeFile(join(folder, "a"), "changed");
  await rig.timers.pass(3 * hour);
  expect(await rig.made(id)).toEqual([]);
  expect(rig.auto.hearing).toEqual({ hints: 0, looks: 0 });
});

test("every N minutes, if something changed, by Cairn itself", async () => {
  const { id, folder } = await rig.session({ every_minutes: 10 });
  await rig.dirty(id, 0);
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  await rig.timers.pass(9 * minute);
  expect(await rig.made(id)).toEqual([]);
  await rig.timers.pass(minute);
  await rig.until(async () => (await rig.made(id)).length === 1);
  const [made] = await rig.made(id);
  expect(made).toMatchObject({
    trigger: { kind: "scheduled", reason: "interval" },
    author: "cairn",
    changed_files: 1,
  });
  await rig.dirty(id, 0);
});

test("no checkpoint when nothing changed, however long that is", async () => {
  const { id, folder } = await rig.session({ every_minutes: 1, quiet_seconds: 5 });
  await rig.dirty(id, 0);
  for (let i = 0; i < 20; i += 1) {
    await rig.hint(folder);
    await rig.timers.pass(minute);
  }
  // What was undone by hand in time is no change either.
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  await rig.edit(folder, "first");
  await rig.timers.pass(2 * minute);
  expect(await rig.made(id)).toEqual([]);
  expect(rig.state(id)).toMatchObject({ status: "waiting", failures: 0, last_at: null });
});

test("a new empty folder is a change too, though no file is", async () => {
  const { id, folder } = await rig.session({ quiet_seconds: 5 });
  await rig.dirty(id, 0);
  await mkdir(join(folder, "empty"));
  await rig.hint(folder);
  await rig.timers.pass(6 * second);
  expect((await rig.made(id)).map(({ changed_files }) => changed_files)).toEqual([0]);
  await rig.timers.pass(hour);
  expect(await rig.made(id)).toHaveLength(1);
});

test("over the session's quota it waits, says so, and makes nothing", async () => {
  const { id, folder } = await rig.session({ quiet_seconds: 5 });
  await rig.update({ session_id: id, settings: { limits: { store_bytes: 1 } } });
  // What no other session keeps.
  await rig.edit(folder, id);
  await rig.timers.pass(10 * second);
  expect(rig.state(id)).toMatchObject({ status: "backing_off", failures: 1 });
  expect(rig.state(id)?.last_error).toContain("limit");
  expect(await rig.made(id)).toEqual([]);
});

test("after a quiet period following changes, counted from the last of them", async () => {
  const { id, folder } = await rig.session({ quiet_seconds: 30 });
  await rig.dirty(id, 0);
  expect(rig.state(id)).toMatchObject({ status: "waiting", next_at: null });
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  await rig.timers.pass(20 * second);
  const told = rig.said.length;
  await rig.edit(folder, "third");
  await rig.until(() => rig.said.length > told);
  await rig.timers.pass(29 * second);
  expect(await rig.made(id)).toEqual([]);
  await rig.timers.pass(second);
  await rig.until(async () => (await rig.made(id)).length === 1);
  const [made] = await rig.made(id);
  expect(made?.trigger).toEqual({ kind: "automatic", reason: "quiet" });
});

test("a folder is followed while somebody watches the session, and a moment longer", async () => {
  const { id, folder } = await rig.session({});
  rig.auto.watched(id, true);
  await rig.dirty(id, 0);
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  const dirty = rig.said.filter(({ event_type }) => event_type === "workspace_dirty");
  expect(dirty.at(-1)?.data).toEqual({ session_id: id, dirty_files: 1 });
  expect((await rig.call("get_session", { session_id: id })).session.dirty_files).toBe(1);
  rig.auto.watched(id, false);
  await rig.timers.pass(9 * second);
  rig.auto.watched(id, true);
  await rig.timers.pass(minute);
  expect(rig.live(id).dirty_files).toBe(1);
  rig.auto.watched(id, false);
  await rig.timers.pass(11 * second);
  expect(rig.auto.hearing).toEqual({ hints: 0, looks: 0 });
  // Null would say that a look failed.
  expect(rig.live(id)).not.toHaveProperty("dirty_files");
  expect(rig.state(id)).toBeUndefined();
});

test("turned off, it says so and makes none", async () => {
  const { id, folder } = await rig.session({ quiet_seconds: 5 });
  await rig.dirty(id, 0);
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  await rig.update({ session_id: id, settings: { auto: {} } });
  await rig.timers.pass(hour);
  expect(await rig.made(id)).toEqual([]);
  expect(rig.state(id)).toMatchObject({ status: "off", next_at: null });
});

test("state and next run are visible, and told as they change", async () => {
  const { id, folder } = await rig.session({ every_minutes: 10, quiet_seconds: 60 });
  await rig.dirty(id, 0);
  const { session } = await rig.call("get_session", { session_id: id });
  expect(session.auto_state?.status).toBe("waiting");
  const { checkpoints } = await rig.call("list_checkpoints", { session_id: id });
  const next = Date.parse(session.auto_state?.next_at ?? "");
  expect(next - Date.parse(checkpoints[0]!.created_at)).toBe(10 * minute);
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  const left = Date.parse(rig.state(id)?.next_at ?? "") - rig.now;
  expect(left).toBeGreaterThan(59 * second);
  expect(left).toBeLessThanOrEqual(minute);
  const told = rig.said.length;
  await rig.timers.pass(minute);
  const statuses = rig.said.slice(told).flatMap((message) => {
    return message.event_type === "auto_state" ? [message.data.auto_state.status] : [];
  });
  expect(statuses).toEqual(expect.arrayContaining(["working", "waiting"]));
  expect(rig.state(id)?.last_at).not.toBeNull();
});

test("a hostile stream of changes makes at most one in 30 seconds", async () => {
  const { id, folder } = await rig.session({ every_minutes: 1, quiet_seconds: 1 });
  await rig.dirty(id, 0);
  for (let i = 0; i < 100; i += 1) {
    const head = (await rig.made(id)).length;
    await rig.edit(folder, `${i}`);
    await rig.until(async () => {
      return rig.live(id).dirty_files === 1 || (await rig.made(id)).length > head;
    });
    await rig.timers.pass(3 * second);
  }
  const made = await rig.made(id);
  expect(made.length).toBeGreaterThan(5);
  const times = made.map(({ created_at }) => Date.parse(created_at));
  for (const [i, at] of times.slice(1).entries()) {
    expect((times[i] ?? 0) - at).toBeGreaterThanOrEqual(30 * second);
  }
});

test("after failures it waits ever longer, says why, and a success resets that", async () => {
  const { id, folder } = await rig.session({ every_minutes: 1 });
  await rig.dirty(id, 0);
  await rename(folder, `${folder}-away`);
  await rig.hint(folder);
  await rig.dirty(id, null);
  const pauses: number[] = [];
  let at = 0;
  for (let failures = 1; failures <= 9; failures += 1) {
    while (rig.state(id)?.failures !== failures) await rig.timers.pass(10 * second);
    if (failures > 1) pauses.push(rig.timers.now() - at);
    at = rig.timers.now();
  }
  const minutes = pauses.map((ms) => Math.round(ms / minute));
  expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(rig.state(id)).toMatchObject({ status: "paused" });
  expect(rig.state(id)?.last_error).toContain(folder);
  await rename(`${folder}-away`, folder);
  await writeFile(join(folder, "a"), "second");
  await rig.timers.pass(hour + minute);
  await rig.until(() => rig.state(id)?.failures === 0);
  expect(rig.state(id)).toMatchObject({ status: "waiting", last_error: null });
  expect(await rig.made(id)).toHaveLength(1);
});

test("what a person mends in the settings is tried at once", async () => {
  const { id, folder } = await rig.session({ every_minutes: 1 });
  await rig.update({ session_id: id, settings: { limits: { files: 1 } } });
  await rig.dirty(id, 0);
  await rig.edit(folder, "1", "b");
  await rig.timers.pass(2 * minute);
  await rig.until(() => (rig.state(id)?.failures ?? 0) > 0);
  expect(rig.state(id)).toMatchObject({ status: "backing_off" });
  expect(rig.state(id)?.last_error).toContain("limit");
  await rig.update({ session_id: id, settings: { limits: { files: 10 } } });
  await rig.until(async () => {
    await rig.timers.pass(second);
    return (await rig.made(id)).length === 1;
  });
  expect(rig.state(id)).toMatchObject({ status: "waiting", failures: 0 });
});

test("paused while the session is closed, and goes on when it is opened", async () => {
  const { id, folder } = await rig.session({ every_minutes: 1 });
  await rig.dirty(id, 0);
  await rig.update({ session_id: id, status: "closed" });
  await writeFile(join(folder, "a"), "second");
  await rig.until(() => rig.state(id)?.status === "paused");
  await rig.timers.pass(hour);
  expect(await rig.made(id)).toEqual([]);
  await rig.update({ session_id: id, status: "open" });
  await rig.until(async () => {
    await rig.timers.pass(second);
    return (await rig.made(id)).length === 1;
  });
});

test("paused while a restore is at work, and what it leaves is no change", async () => {
  const { id, folder } = await rig.session({ every_minutes: 1 });
  const first = (await rig.call("list_checkpoints", { session_id: id })).checkpoints[0]!;
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  let isApplying = false;
  rig.beforeApply = async () => {
    isApplying = true;
    await held;
  };
  const params = { session_id: id, checkpoint_id: first.checkpoint_id };
  const restored = rig.call("restore", params);
  await rig.until(() => isApplying);
  await rig.timers.pass(10 * minute);
  await rig.until(() => rig.state(id)?.status === "paused");
  go();
  await restored;
  await rig.dirty(id, 0);
  await rig.timers.pass(10 * minute);
  const made = await rig.made(id);
  expect(made.map(({ trigger }) => trigger.reason)).toEqual(["before_restore"]);
  expect(rig.state(id)).toMatchObject({ status: "waiting", failures: 0 });
});

test("a checkpoint by anyone else puts the next one off by the whole interval", async () => {
  const { id, folder } = await rig.session({ every_minutes: 10 });
  await rig.timers.pass(9 * minute);
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  await rig.call("checkpoint", { session_id: id });
  await rig.dirty(id, 0);
  await rig.edit(folder, "third");
  await rig.dirty(id, 1);
  await rig.timers.pass(9 * minute);
  expect(await rig.made(id)).toEqual([]);
  await rig.timers.pass(2 * minute);
  await rig.until(async () => (await rig.made(id)).length === 1);
});

test("an automatic checkpoint never appears in the undo stack", async () => {
  const { id, folder } = await rig.session({ every_minutes: 1 });
  const first = (await rig.call("list_checkpoints", { session_id: id })).checkpoints[0]!;
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  const params = { session_id: id, checkpoint_id: first.checkpoint_id };
  const restored = await rig.call("restore", params);
  await rig.dirty(id, 0);
  await rig.edit(folder, "third");
  await rig.dirty(id, 1);
  await rig.timers.pass(2 * minute);
  const scheduled = async () => (await rig.made(id)).filter((c) => c.trigger.kind === "scheduled");
  await rig.until(async () => (await scheduled()).length === 1);
  const { operations } = await rig.call("list_operations", { session_id: id });
  expect(operations.map(({ kind, next }) => [kind, next])).toEqual([["restore", "undo"]]);
  const { undone } = await rig.call("undo", { session_id: id });
  expect(undone.operation_id).toBe(restored.operation_id);
});

test("without a folder there is nothing to capture by itself", async () => {
  const { session_id } = await rig.call("create_session", {
    settings: { auto: { every_minutes: 1, quiet_seconds: 1 } },
  });
  await rig.timers.pass(hour);
  expect(await rig.made(session_id)).toEqual([]);
  expect(rig.auto.statuses).toEqual({ waiting: 0, working: 0, backing_off: 0, paused: 0 });
});

test("the first checkpoint of a session comes by itself too", async () => {
  const workspace = join(rig.root, "fresh");
  await mkdir(workspace);
  await writeFile(join(workspace, "a"), "1");
  const settings = { auto: { every_minutes: 10 } };
  const { session_id } = await rig.call("create_session", { workspace, settings });
  await rig.timers.pass(9 * minute);
  expect(await rig.made(session_id)).toEqual([]);
  await rig.timers.pass(2 * minute);
  await rig.until(async () => (await rig.made(session_id)).length === 1);
});
