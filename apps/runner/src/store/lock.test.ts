import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { raceForLock } from "../testing/lock-races.ts";
import { StoreSite } from "../testing/store-site.ts";
import { lockStore } from "./lock.ts";

let site: StoreSite;

beforeEach(() => {
  site = new StoreSite();
});

afterEach(() => site[Symbol.dispose]());

test("a store has one owner, until that one ends in whatever way", async () => {
  const script = `
    const { lockStore } = await import(${JSON.stringify(new URL("lock.ts", import.meta.url).href)});
    lockStore(${JSON.stringify(site.dir)});
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  try {
    await once(child.stdout, "data");
    let refused: unknown;
    try {
      lockStore(site.dir);
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ details: { reason: "already_owned" } });
    expect((refused as Error).message).toContain(`process ${child.pid}`);
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    const mine = lockStore(site.dir);
    expect(() => lockStore(site.dir)).toThrow(/in use by another Cairn/);
    mine.release();
    lockStore(site.dir).release();
  } finally {
    child.kill("SIGKILL");
  }
});

test("of two that start at once one owns the store, 20 times over, also after the owner was killed", async () => {
  expect(await raceForLock(site.dir, 20, 2)).toEqual([]);
});
