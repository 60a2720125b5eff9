import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AutoRig } from "./testing/auto-rig.ts";

const second = 1000;

let rig: AutoRig;

beforeAll(async () => {
  rig = await AutoRig.start();
});

afterEach(async () => {
  await rig.deleteAll();
});

afterAll(async () => {
  await rig.stop();
});

test("a change that no hint told of is found by the slow look", async () => {
  const { id, folder } = await rig.session({ quiet_seconds: 10 });
  await rig.dirty(id, 0);
  await rig.hint(folder);
  await writeFile(join(folder, "silent"), "1");
  await rig.timers.pass(59 * second);
  expect(rig.live(id).dirty_files).toBe(0);
  await rig.timers.pass(2 * second);
  expect(rig.live(id).dirty_files).toBe(1);
  await rig.timers.pass(10 * second);
  expect(await rig.made(id)).toHaveLength(1);
});

test("a folder that cannot be watched is looked at more often, and that is said", async () => {
  const { id, folder } = await rig.session({ every_minutes: 60 });
  await rig.hint(folder);
  expect(rig.auto.hearing).toEqual({ hints: 1, looks: 0 });
  await rig.hint(folder, "no watches left");
  expect(rig.auto.hearing).toEqual({ hints: 0, looks: 1 });
  expect(rig.logged.at(-1)).toContain("no watches left");
  expect(rig.state(id)).toMatchObject({ status: "waiting", unheard: "no watches left" });
  const states = rig.said.filter(({ event_type }) => event_type === "auto_state");
  expect(states.at(-1)?.data).toMatchObject({ auto_state: { unheard: "no watches left" } });
  for (let files = 1; files <= 3; files += 1) {
    await writeFile(join(folder, `silent-${files}`), "1");
    await rig.timers.pass(11 * second);
    expect(rig.live(id).dirty_files).toBe(files);
  }
  await rig.hint(folder);
  expect(rig.auto.hearing).toEqual({ hints: 1, looks: 0 });
  expect(rig.state(id)).not.toHaveProperty("unheard");
});

test("that a folder cannot be watched is said without automatic checkpoints too", async () => {
  const { id, folder } = await rig.session({});
  rig.auto.watched(id, true);
  await rig.dirty(id, 0);
  expect(rig.state(id)).toBeUndefined();
  await rig.hint(folder, "no watches left");
  expect(rig.state(id)).toMatchObject({ status: "off", unheard: "no watches left" });
  await rig.hint(folder);
  expect(rig.state(id)).not.toHaveProperty("unheard");
});

test("of a folder that was removed no count is shown a moment later", async () => {
  const { id, folder } = await rig.session({});
  rig.auto.watched(id, true);
  await rig.dirty(id, 0);
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  await rm(folder, { recursive: true });
  await rig.hint(folder, "the folder was moved or removed");
  await rig.timers.pass(second);
  expect(rig.live(id).dirty_files).toBeNull();
});

test("who begins to watch is told of changes that no hint told of, at once", async () => {
  const { id, folder } = await rig.session({ every_minutes: 60 });
  await rig.dirty(id, 0);
  await rig.hint(folder);
  await writeFile(join(folder, "silent"), "1");
  await rig.timers.pass(second);
  expect(rig.live(id).dirty_files).toBe(0);
  rig.auto.watched(id, true);
  await rig.timers.pass(second);
  expect(rig.live(id).dirty_files).toBe(1);
});

test("that a folder could not be looked at is never told only because it was not yet", async () => {
  const { id, folder } = await rig.session({});
  rig.auto.watched(id, true);
  const told = rig.said.length;
  await rig.dirty(id, 0);
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  await rig.call("checkpoint", { session_id: id });
  await rig.dirty(id, 0);
  rig.auto.watched(id, false);
  await rig.timers.pass(11 * second);
  rig.auto.watched(id, true);
  await rig.dirty(id, 0);
  const counts = rig.said.slice(told).flatMap((message) => {
    return message.event_type === "workspace_dirty" ? [message.data.dirty_files] : [];
  });
  expect(counts).toEqual([0, 1, 0, 0]);
});
