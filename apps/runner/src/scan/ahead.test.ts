import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";
import { scanSite } from "../testing/scanning.ts";
import { Ahead } from "./ahead.ts";
import { partFiles } from "./ahead-look.ts";
import { StatCache } from "./stat-cache.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

const trusting = { now: () => Date.now() + 60_000, startedAt: Date.now() + 3_600_000 };

function started(): { ahead: Ahead; cache: StatCache } {
  const ahead = new Ahead(site.workspace);
  onTestFinished(() => ahead.close());
  const cache = new StatCache();
  scanSite(site, { cache, ...trusting });
  ahead.remember(cache.root!);
  return { ahead, cache };
}

test("the second thread takes its share, and both say the same", () => {
  const folders = 400;
  site.write(Object.fromEntries(Array.from({ length: folders }, (_, i) => [`d${i}/f`, `${i}`])));
  const { ahead, cache } = started();
  writeFileSync(site.path("d7/f"), "edited");
  let own = 0;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const looked = ahead.look(() => {
    own += 1;
    // Leaves the other thread the time that it may need to start.
    Atomics.wait(pause, 0, 0, 10);
  });
  expect(own).toBeGreaterThan(0);
  expect(own).toBeLessThan(folders);
  const changed = cache.root!.folders.filter((folder) => !looked.stands(folder));
  // What the other thread was still at when this one had nothing left to do counts as changed.
  expect(changed.map(({ name }) => name)).toContain("d7");
  expect(changed.length).toBeLessThanOrEqual(2);
});

test("of a folder of many files only the part that changed is looked at again", async () => {
  const files = 3 * partFiles;
  site.write(Object.fromEntries(Array.from({ length: files }, (_, i) => [`f${1000 + i}`, `${i}`])));
  const { ahead, cache } = started();
  const root = cache.root!;
  writeFileSync(site.path(`f${1000 + partFiles}`), "edited");
  // What the other thread is still at when this one is done counts as changed, so more than once.
  const look = (): boolean[] => {
    const looked = ahead.look();
    return [0, 1, 2].map((part) => looked.partStands(root, part * partFiles));
  };
  await expect.poll(look).toEqual([true, false, true]);
  expect(ahead.look().stands(root)).toBe(false);
  const scan = scanSite(site, { cache, ahead, ...trusting });
  expect(scan.root).toBe(scanSite(site).root);
});

test("a folder that came since is not known to stand", async () => {
  site.write({ "a/f": "1" });
  const { ahead, cache } = started();
  site.write({ "b/f": "1" });
  scanSite(site, { cache, ahead, ...trusting });
  const b = cache.root!.folders.find(({ name }) => name === "b")!;
  expect(ahead.look().stands(b)).toBe(false);
  ahead.remember(cache.root!);
  await expect.poll(() => ahead.look().stands(b)).toBe(true);
});
