import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchedFs } from "../testing/faults.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { scanSite } from "../testing/scanning.ts";
import { Rereading } from "./rereading.ts";
import type { ScanFs } from "./scan-fs.ts";
import { realScanFs } from "./scan-fs.ts";
import { StatCache } from "./stat-cache.ts";

const hourMs = 3_600_000;
let site: RestoreSite;
let cache: StatCache;
let now: number;

beforeEach(() => {
  site = new RestoreSite();
  cache = new StatCache();
  now = Date.now();
  site.write({ a: "1", "b/c": "2", "b/d/e": "3", large: Buffer.alloc(5_500_000, 1) });
});

afterEach(() => site[Symbol.dispose]());

const trusting = { now: () => Date.now() + 60_000, startedAt: Date.now() + 3_600_000 };

function rereading(fs: ScanFs = realScanFs): Rereading {
  const { store, workspace } = site;
  const path = join(site.home, "read");
  return new Rereading({ store, cache, workspace, path, fs, now: () => now });
}

function readAll(rereading: Rereading): void {
  while (rereading.slice(5));
}

/** The names of the files that were opened, in their order. */
function opened(): { fs: ScanFs; names: string[] } {
  const names: string[] = [];
  const fs = watchedFs(realScanFs, (_call, name, [path]) => {
    if (name === "open") names.push(String(path).slice(site.workspace.length + 1));
  });
  return { fs, names };
}

/** A scan that is told other bytes of these files, as if they were written without a trace later. */
function scanWrongly(...paths: string[]): void {
  const wrong = new Set<number>();
  const fs: ScanFs = {
    ...realScanFs,
    open(path) {
      const fd = realScanFs.open(path);
      if (paths.some((wanted) => path === site.path(wanted))) wrong.add(fd);
      else wrong.delete(fd);
      return fd;
    },
    read(fd, into, offset, length, position) {
      const read = realScanFs.read(fd, into, offset, length, position);
      if (wrong.has(fd) && position + read > 5_000_000) into[offset + read - 1] = 0x7f;
      if (wrong.has(fd) && read === 1) into[offset] = 0x7f;
      return read;
    },
  };
  scanSite(site, { cache, fs, ...trusting });
}

function scan(): string {
  return scanSite(site, { cache, ...trusting }).root;
}

test.each(["a", "b/d/e", "large"])("a file that changed without a trace is found: %s", (path) => {
  scanWrongly(path);
  const truth = scanSite(site).root;
  // The cache is believed, so the lie stands …
  expect(scan()).not.toBe(truth);
  // … until everything is read again.
  readAll(rereading());
  expect(scan()).toBe(truth);
});

test("a name that came without a trace is found", () => {
  const fs: ScanFs = {
    ...realScanFs,
    readdir: (path) => realScanFs.readdir(path).filter((name) => name !== "c"),
  };
  scanSite(site, { cache, fs, ...trusting });
  const truth = scanSite(site).root;
  expect(scan()).not.toBe(truth);
  readAll(rereading());
  expect(scan()).toBe(truth);
});

test("nothing is distrusted where nothing lies, nor for what changes meanwhile", () => {
  scan();
  const before = cache.root;
  readAll(rereading());
  expect(cache.root).toBe(before);
  const fs = watchedFs(realScanFs, (_call, name) => {
    if (name === "open") writeFileSync(site.path("a"), `${Math.random()}`);
  });
  now += 30 * hourMs;
  readAll(rereading(fs));
  expect(cache.root).toBe(before);
  expect(scan()).toBe(scanSite(site).root);
});

test("everything is read once a day, and at once where the clock was put back", () => {
  scan();
  const { fs, names } = opened();
  const daily = rereading(fs);
  daily.begin();
  readAll(daily);
  now += 23 * hourMs;
  readAll(daily);
  readAll(rereading(fs));
  expect(names).toEqual([]);
  now += 2 * hourMs;
  readAll(daily);
  const once = names.length;
  // Small files once, the large one a chunk at a time.
  expect(names.filter((name) => name !== "large")).toEqual(["a", "b/c", "b/d/e"]);
  expect(names.filter((name) => name === "large")).toHaveLength(6);
  readAll(rereading(fs));
  expect(names).toHaveLength(once);
  now -= 300 * hourMs;
  readAll(rereading(fs));
  expect(names).toHaveLength(2 * once);
});

test("a round that was left is gone on with after a restart", () => {
  scan();
  const { fs, names } = opened();
  const first = rereading(fs);
  while (!names.includes("b/d/e")) first.slice(0.001);
  first.pause();
  const before = names.length;
  readAll(rereading(fs));
  // The folder that it was in, and what comes after it.
  expect(names.slice(before)).toEqual(["b/d/e"]);
});

test("a slice ends in time, but for one file", () => {
  scan();
  const { fs, names } = opened();
  const slow: ScanFs = {
    ...fs,
    read(...args) {
      const end = performance.now() + 5;
      while (performance.now() < end);
      return fs.read(...args);
    },
  };
  expect(rereading(slow).slice(1)).toBe(true);
  expect(names).toHaveLength(1);
});
