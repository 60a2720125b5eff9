import {
  chmodSync,
  lutimesSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";
import { counting, listStored, scanSite } from "../testing/scanning.ts";
import { StatCache } from "./stat-cache.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

test("the cache spares what stands still, and nothing else", () => {
  site.write({ a: "1", b: "2", "c/d": "3", link: { link: "a" } });
  const cache = new StatCache();
  const first = counting();
  const { root } = scanSite(site, { cache, now: first.now });
  expect(first.reads()).toBe(4);
  const second = counting();
  expect(scanSite(site, { cache, now: second.now }).root).toBe(root);
  expect(second.reads()).toBe(0);
  const third = counting();
  writeFileSync(site.path("b"), "changed");
  renameSync(site.path("a"), site.path("e"));
  chmodSync(site.path("c/d"), 0o600);
  const changed = scanSite(site, { cache, now: third.now });
  expect(changed.root).toBe(scanSite(site, { cache: null }).root);
  // A new name and a new mode change the ctime, so they are read once more.
  expect(third.reads()).toBe(3);
});

test("an edit that keeps size and mtime is seen", () => {
  site.write({ a: "one" });
  const cache = new StatCache();
  const before = scanSite(site, { cache, now: counting().now });
  const { atime, mtime } = statSync(site.path("a"));
  writeFileSync(site.path("a"), "two");
  utimesSync(site.path("a"), atime, mtime);
  expect(scanSite(site, { cache, now: counting().now }).root).not.toBe(before.root);
});

test("a link that is replaced by one of the same length and mtime is seen", () => {
  site.write({ a: { link: "one" } });
  const cache = new StatCache();
  const before = scanSite(site, { cache, now: counting().now });
  rmSync(site.path("a"));
  symlinkSync("two", site.path("a"));
  lutimesSync(site.path("a"), 1, 1);
  expect(scanSite(site, { cache, now: counting().now }).root).not.toBe(before.root);
});

test("what changed within the clock's grain before it was read is read again", () => {
  site.write({ a: "one" });
  const cache = new StatCache();
  const { ctimeMs } = statSync(site.path("a"));
  scanSite(site, { cache, now: () => ctimeMs + 5 });
  const again = counting();
  scanSite(site, { cache, now: again.now });
  expect(again.reads()).toBe(1);
  const third = counting();
  scanSite(site, { cache, now: third.now });
  expect(third.reads()).toBe(0);
});

test("a cache knows nothing that the store does not hold", () => {
  site.write({ a: "1", "b/c": "2", link: { link: "a" } });
  const cache = new StatCache();
  scanSite(site, { cache, store: false, now: counting().now });
  const result = scanSite(site, { cache });
  site.store.commit();
  const [, ...onDisk] = site.list();
  expect(listStored(site.store, result.root)).toEqual(onDisk);
});

test("the cache outlives its thread; torn or foreign, it counts as empty", () => {
  site.write({ a: "1", b: "2", c: "3" });
  const path = join(site.home, "cache", "one");
  scanSite(site, { cache: new StatCache(path), now: counting().now });
  const reads = (): number => {
    const { now, reads } = counting();
    const { root } = scanSite(site, { cache: new StatCache(path), now });
    expect(root).toBe(scanSite(site, { cache: null }).root);
    return reads();
  };
  expect(reads()).toBe(0);
  writeFileSync(site.path("b"), "changed");
  expect(reads()).toBe(1);
  expect(reads()).toBe(0);
  const data = readFileSync(path);
  writeFileSync(path, data.subarray(0, data.length - 7));
  expect(reads()).toBe(3);
  expect(reads()).toBe(0);
  const bad = readFileSync(path);
  bad[60] = bad.readUInt8(60) ^ 1;
  writeFileSync(path, bad);
  expect(reads()).toBe(3);
  writeFileSync(path, "something else");
  expect(reads()).toBe(3);
});

test("a cache file does not grow with every edit", () => {
  site.write({ a: "1" });
  const path = join(site.home, "cache", "one");
  const cache = new StatCache(path);
  for (let i = 0; i < 1500; i += 1) {
    writeFileSync(site.path("a"), `${i}`);
    scanSite(site, { cache, store: false, now: counting().now });
  }
  expect(statSync(path).size).toBeLessThan(100_000);
});
