import { execFileSync } from "node:child_process";
import {
  linkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchedFs } from "../testing/faults.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { counting, scanSite } from "../testing/scanning.ts";
import type { ScanFs, Stat } from "./scan-fs.ts";
import { realScanFs } from "./scan-fs.ts";
import { StatCache } from "./stat-cache.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

/** Counts the folders that a scan lists. */
function listing(): { fs: ScanFs; lists: () => number } {
  let lists = 0;
  const fs = watchedFs(realScanFs, (_call, name) => {
    if (name === "readdir") lists += 1;
  });
  return { fs, lists: () => lists };
}

const later = { now: () => Date.now() + 60_000, startedAt: Date.now() + 3_600_000 };

test("folders that stand still are not listed, also after a restart", () => {
  site.write({ a: "1", "b/c": "2", "b/d/e": "3" });
  const path = join(site.home, "cache", "one");
  const lists = (): number => {
    const { fs, lists } = listing();
    const { root } = scanSite(site, { cache: new StatCache(path), fs, ...later });
    expect(root).toBe(scanSite(site).root);
    return lists();
  };
  expect(lists()).toBe(3);
  expect(lists()).toBe(0);
  writeFileSync(site.path("b/c"), "edited in place");
  expect(lists()).toBe(0);
  writeFileSync(site.path("b/d/new"), "x");
  expect(lists()).toBe(1);
  renameSync(site.path("b"), site.path("moved"));
  // The root, the folder at its new place, and the one in it.
  expect(lists()).toBe(3);
  expect(lists()).toBe(0);
});

test("a folder whose times may lie is listed each time: on such a disk, or changed just now", () => {
  site.write({ "a/b": "1" });
  for (const options of [
    { filesystem: () => 0x4d44 },
    {
      filesystem() {
        throw new Error("EIO");
      },
    },
  ]) {
    const cache = new StatCache();
    const { fs, lists } = listing();
    const disk = { ...fs, ...options };
    for (let round = 1; round <= 3; round += 1) {
      scanSite(site, { cache, fs: disk, ...later });
      expect(lists()).toBe(2 * round);
    }
  }
  const cache = new StatCache();
  const { fs, lists } = listing();
  const startedAt = statSync(site.path("a")).ctimeMs + 5;
  scanSite(site, { cache, fs, now: later.now, startedAt });
  scanSite(site, { cache, fs, ...later });
  expect(lists()).toBe(4);
  scanSite(site, { cache, fs, ...later });
  expect(lists()).toBe(4);
});

test("a name that comes while the folder's mtime is put back is seen", () => {
  site.write({ "a/b": "1", "a/c": "2" });
  const cache = new StatCache();
  utimesSync(site.path("a"), 1, 1);
  scanSite(site, { cache, ...later });
  renameSync(site.path("a/c"), site.path("a/d"));
  linkSync(site.path("a/b"), site.path("a/c"));
  utimesSync(site.path("a"), 1, 1);
  expect(scanSite(site, { cache, ...later }).root).toBe(scanSite(site).root);
});

test("ignore files that are edited are obeyed at once, also where they are ignored themselves", () => {
  site.write({ ".gitignore": ".*\n", "a/x.log": "1", "a/b/y.log": "2", "a/.gitignore": "" });
  const cache = new StatCache();
  const scan = (): string[] => {
    const { tree } = scanSite(site, { cache, ...later });
    return ["a/x.log", "a/b/y.log"].filter((path) => tree.lookup(Buffer.from(path)));
  };
  expect(scan()).toEqual(["a/x.log", "a/b/y.log"]);
  writeFileSync(site.path(".gitignore"), ".*\n*.log\n");
  expect(scan()).toEqual([]);
  writeFileSync(site.path(".gitignore"), ".*\n");
  expect(scan()).toEqual(["a/x.log", "a/b/y.log"]);
  writeFileSync(site.path("a/.gitignore"), "b\n");
  expect(scan()).toEqual(["a/x.log"]);
  site.rules = { ...site.rules, include: ["/a/b/y.log"] };
  expect(scan()).toEqual(["a/x.log", "a/b/y.log"]);
  rmSync(site.path("a/.gitignore"));
  site.rules = { ...site.rules, include: [], ignore: ["x.*"] };
  expect(scan()).toEqual(["a/b/y.log"]);
});

test("a link or folder in the place of an ignore file gives no patterns, and is nothing to skip", () => {
  site.write({
    patterns: "x\n",
    x: "1",
    ".gitignore": { link: "patterns" },
    ".cairnignore/x": "2",
  });
  const cache = new StatCache();
  const { fs, lists } = listing();
  for (let round = 0; round < 3; round += 1) {
    const { skipped, tree } = scanSite(site, { cache, fs, ...later });
    expect(skipped).toEqual([]);
    expect(tree.lookup(Buffer.from("x"))).toBeDefined();
  }
  expect(lists()).toBe(2);
  rmSync(site.path(".gitignore"));
  site.write({ ".gitignore": "x\n" });
  expect(scanSite(site, { cache, ...later }).tree.lookup(Buffer.from("x"))).toBeUndefined();
});

test("what was forced into an ignored folder is seen when it comes", () => {
  site.write({ "cache/other": "x", keep: "y" });
  site.rules = { ...site.rules, ignore: ["cache"], include: ["/cache/precious"] };
  const cache = new StatCache();
  scanSite(site, { cache, ...later });
  expect(cache.root?.folders.map(({ listed }) => listed)).toEqual([false]);
  site.write({ "cache/precious": "z" });
  const { tree } = scanSite(site, { cache, ...later });
  expect(tree.lookup(Buffer.from("cache/precious"))).toBeDefined();
  expect(tree.lookup(Buffer.from("cache/other"))).toBeUndefined();
});

test("a folder that is moved is judged by the rules of its new place", () => {
  site.write({ "a/b/secret": "1", "a/b/file": "2", "c/d": "3" });
  site.rules = { ...site.rules, ignore: ["/a/b/secret", "/c/b/file"] };
  const cache = new StatCache();
  scanSite(site, { cache, ...later });
  renameSync(site.path("c"), site.path("e"));
  renameSync(site.path("a"), site.path("c"));
  const reads = counting();
  const { tree } = scanSite(site, { cache, ...later, now: reads.now });
  expect(tree.lookup(Buffer.from("c/b/secret"))).toBeDefined();
  expect(tree.lookup(Buffer.from("c/b/file"))).toBeUndefined();
  // What was ignored there is all that was not known.
  expect(reads.reads()).toBe(1);
});

test("each name of a hard link is looked at", () => {
  site.write({ "a/one": "1", "b/keep": "2" });
  linkSync(site.path("a/one"), site.path("b/two"));
  const cache = new StatCache();
  scanSite(site, { cache, ...later });
  writeFileSync(site.path("a/one"), "edited");
  expect(scanSite(site, { cache, ...later }).root).toBe(scanSite(site).root);
});

test("a folder that is replaced by a link, or has another disk mounted on it, is read anew", () => {
  site.write({ "a/b": "1", "elsewhere/b": "1" });
  const cache = new StatCache();
  scanSite(site, { cache, ...later });
  const mounted = (stat: Stat): Stat => ({ ...stat, dev: stat.dev + 1 });
  const { fs, lists } = listing();
  const below = site.path("a");
  const disk: ScanFs = {
    ...fs,
    lstat: (path) => (path.toString().startsWith(below) ? mounted(fs.lstat(path)) : fs.lstat(path)),
  };
  scanSite(site, { cache, fs: disk, ...later });
  expect(lists()).toBe(1);
  renameSync(site.path("a"), site.path("c"));
  symlinkSync("elsewhere", site.path("a"));
  const { root } = scanSite(site, { cache, ...later });
  expect(root).toBe(scanSite(site).root);
});

test("what could not be captured is said each time, though nothing changed", () => {
  site.write({ file: "x", "folder/file": "y" });
  execFileSync("mkfifo", [site.path("folder/pipe")]);
  const cache = new StatCache();
  for (let round = 0; round < 3; round += 1) {
    const { skipped } = scanSite(site, { cache, ...later });
    expect(skipped).toEqual([{ path: "folder/pipe", reason: "fifo" }]);
  }
});

test("what was hashed before a scan was given up is not hashed again", () => {
  const names = Array.from({ length: 30 }, (_, i) => `d${10 + i}/file`);
  site.write(Object.fromEntries(names.map((name) => [name, name])));
  const cache = new StatCache();
  let checks = 0;
  const first = counting();
  const check = (): void => {
    checks += 1;
    if (checks === 60) throw new ProtocolError("cancelled", "enough");
  };
  expect(() => scanSite(site, { cache, store: false, now: first.now, check })).toThrow("enough");
  const second = counting();
  const { root } = scanSite(site, { cache, store: false, now: second.now });
  expect(first.reads()).toBeGreaterThan(5);
  expect(first.reads() + second.reads()).toBe(names.length);
  expect(root).toBe(scanSite(site).root);
});

test("limits hold for what is not read again", () => {
  site.write({ "a/b": "1234", c: "12" });
  const cache = new StatCache();
  scanSite(site, { cache, ...later });
  for (const change of [{ files: 1 }, { bytes: 3 }, { file_bytes: 3 }]) {
    const rules = { ...site.rules, limits: { ...site.rules.limits, ...change } };
    expect(() => scanSite(site, { cache, rules, ...later })).toThrow(
      expect.objectContaining({ code: "limit_reached" }),
    );
  }
});
