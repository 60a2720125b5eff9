import { writeFile } from "node:fs/promises";
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

test("a disk that does not answer holds up no other session for long", async () => {
  const stuck = await rig.session({ every_minutes: 1 });
  const other = await rig.session({ every_minutes: 2 });
  for (const { folder } of [stuck, other]) await rig.edit(folder, "second");
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  rig.beforeCapture = (workspace) => (workspace === stuck.folder ? held : null);
  await rig.timers.pass(3 * minute);
  await rig.until(async () => (await rig.made(other.id)).length === 1);
  expect(rig.state(stuck.id)?.status).toBe("working");
  go();
  await rig.until(async () => (await rig.made(stuck.id)).length === 1);
});

test("goes on after a restart where it stood, without a burst, one at a time", async () => {
  const sessions: { id: string; folder: string }[] = [];
  for (let i = 0; i < 3; i += 1) sessions.push(await rig.session({ every_minutes: 20 }));
  for (const { id } of sessions) await rig.dirty(id, 0);
  await rig.timers.pass(15 * minute);
  await rig.close();
  for (const { folder } of sessions) await writeFile(join(folder, "a"), "while it was away");
  await rig.reopen(4 * minute);
  rig.most = 0;
  // Nothing at once: the time is not over, and a start has other things to do.
  await rig.timers.pass(14 * second);
  for (const { id } of sessions) expect(await rig.made(id)).toEqual([]);
  await rig.timers.pass(2 * minute);
  await rig.until(async () => {
    const made = await Promise.all(sessions.map(({ id }) => rig.made(id)));
    return made.every(({ length }) => length === 1);
  });
  expect(rig.most).toBe(1);
});

test("after the machine slept, or a restart long after, each is captured once", async () => {
  const { id, folder } = await rig.session({ every_minutes: 1, quiet_seconds: 10 });
  await rig.dirty(id, 0);
  await rig.edit(folder, "second");
  await rig.dirty(id, 1);
  // All timers that were due in eight hours come at once.
  rig.timers.passAtOnce(8 * hour);
  rig.jump(8 * hour);
  await rig.until(async () => (await rig.made(id)).length === 1);
  await rig.dirty(id, 0);
  await rig.close();
  await writeFile(join(folder, "a"), "third");
  await rig.reopen(30 * 24 * hour);
  await rig.timers.pass(10 * second);
  expect(await rig.made(id)).toHaveLength(1);
  await rig.timers.pass(5 * minute);
  await rig.until(async () => (await rig.made(id)).length === 2);
  expect(rig.state(id)?.last_at).not.toBeNull();
});

test.each([10 * 365 * 24 * hour, -10 * 365 * 24 * hour])(
  "a wall clock that jumps by %d ms makes none extra, and none late",
  async (jump) => {
    const { id, folder } = await rig.session({ every_minutes: 10 });
    await rig.dirty(id, 0);
    await rig.edit(folder, "second");
    await rig.dirty(id, 1);
    await rig.timers.pass(5 * minute);
    rig.jump(jump);
    await rig.timers.pass(4 * minute);
    expect(await rig.made(id)).toEqual([]);
    await rig.timers.pass(minute);
    await rig.until(async () => (await rig.made(id)).length === 1);
    // Read back after a restart, the last one lies in the future, or long ago.
    await rig.close();
    rig.jump(-2 * jump);
    await writeFile(join(folder, "a"), "third");
    await rig.reopen(0);
    await rig.timers.pass(11 * minute);
    await rig.until(async () => (await rig.made(id)).length === 2);
  },
);
