import { afterEach, beforeEach, expect, test } from "vitest";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import type { Store } from "../storage/store.ts";
import { realUptime, SteadyTime } from "./steady-time.ts";

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const year = 365 * day;

let folder: string;
let store: Store;
let wall: number;
let uptime: number;
let boot: string | null;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "cairn-steady-"));
  store = await openSqliteStore({ file: path.join(folder, "cairn.db") });
  wall = Date.parse("2026-03-01T00:00:00.000Z");
  uptime = 5 * hour;
  boot = "first";
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const pass = (ms: number): void => {
  wall += ms;
  uptime += ms;
};
const open = () => SteadyTime.open(store, () => wall, { now: () => uptime, boot });
const save = (steady: SteadyTime) => store.transact((tx) => steady.save(tx));

/** As the machine going down and coming up again, so long after. */
function reboot(ms: number): void {
  wall += ms;
  uptime = 1_000;
  boot = `after ${boot}`;
}

test("goes on as time passes, whatever the clock is set to", async () => {
  const steady = await open();
  const start = steady.now();
  expect(start).toBe(wall);
  for (const jump of [year, -2 * year, year]) {
    wall += jump;
    pass(hour);
  }
  expect(steady.now() - start).toBe(3 * hour);
  expect(steady.proven() - start).toBe(3 * hour);
  wall += year;
  expect(steady.toWall(steady.now() + hour)).toBe(wall + hour);
});

test("never goes back, also when the uptime does", async () => {
  const steady = await open();
  const start = steady.now();
  uptime -= hour;
  expect(steady.now()).toBe(start);
});

test("counts the time that the server was down while the machine ran, by its uptime", async () => {
  const before = await open();
  const start = before.now();
  await save(before);
  wall += year;
  pass(30 * day);
  const after = await open();
  expect([after.now() - start, after.proven() - start]).toEqual([30 * day, 30 * day]);
});

test("believes the clock of how long the machine was off, but proves a day of it at most", async () => {
  const before = await open();
  const start = before.now();
  await save(before);
  reboot(10 * day);
  const after = await open();
  expect([after.now() - start, after.proven() - start]).toEqual([10 * day, day]);
  pass(2 * day);
  expect([after.now() - start, after.proven() - start]).toEqual([12 * day, 3 * day]);
  await save(after);
  reboot(hour);
  const again = await open();
  expect([again.now() - start, again.proven() - start]).toEqual([12 * day + hour, 3 * day + hour]);
});

test("takes a clock that went back over a start of the machine for no time at all", async () => {
  const before = await open();
  const start = before.now();
  await save(before);
  reboot(-year);
  const after = await open();
  expect([after.now() - start, after.proven() - start]).toEqual([0, 0]);
});

test("where starts of the machine cannot be told apart, each start of the server is one", async () => {
  boot = null;
  const before = await open();
  const start = before.now();
  await save(before);
  pass(3 * day);
  const after = await open();
  expect([after.now() - start, after.proven() - start]).toEqual([3 * day, day]);
});

test("tells when checkpoints were made, those too that were made while the clock was wrong", async () => {
  const steady = await open();
  const start = steady.now();
  const made: { created_at: string; sequence_number: number }[] = [];
  const make = async (): Promise<void> => {
    const sequence_number = made.length + 1;
    await store.transact((tx) => steady.notice(tx, sequence_number));
    made.push({ created_at: new Date(wall).toISOString(), sequence_number });
  };
  for (const jump of [0, year, 0, -3 * year, 2 * year, 30_000]) {
    wall += jump;
    pass(hour);
    await make();
  }
  const ages = (of: SteadyTime) => made.map((each) => Math.round((of.madeAt(each) - start) / hour));
  expect(ages(steady)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(ages(await open())).toEqual([1, 2, 3, 4, 5, 6]);
});

test("what was saved in another form, or not at all, begins anew", async () => {
  await store.transact((tx) => tx.saveUpkeep("steady_time", { steady: "x" }));
  expect((await open()).now()).toBe(wall);
});

test("the machine's uptime goes on", () => {
  const real = realUptime();
  expect(real.now()).toBeGreaterThan(0);
  expect(realUptime().boot).toBe(real.boot);
});
