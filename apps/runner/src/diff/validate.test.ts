import { afterEach, beforeEach, expect, test } from "vitest";
import type { Progress, Snapshot } from "../runner.ts";
import { scanWorkspace } from "../scan/scan.ts";
import type { Disk } from "../store/disk.ts";
import { realDisk } from "../store/disk.ts";
import { openStore } from "../store/store.ts";
import { damageObject, wipeBlock } from "../testing/corruption.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { scanSite } from "../testing/scanning.ts";
import { errorCode, noise } from "../testing/store-site.ts";
import { validate } from "./validate.ts";
import { repair } from "./validate-repair.ts";

const MiB = 1024 * 1024;
let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

interface Kept {
  pin: string;
  snapshot: Snapshot;
}

function capture(pin: string): Kept {
  const scan = scanSite(site);
  const snapshot = { tree: scan.root, rules: scan.rulesHash, skipped: scan.skippedHash };
  site.store.commit({ pin, snapshot });
  return { pin, snapshot };
}

const damage = (hash: string): void => damageObject(site.store, hash);

const hashOf = (data: Buffer): string => site.store.hashBlob(data);

function check(snapshots: Kept[], deep = true) {
  return validate(site.store, { snapshots, deep }).problems;
}

function heal(snapshots: Kept[], withWorkspace: boolean) {
  const { workspace, rules } = site;
  const rescan = (): void => {
    scanWorkspace(site.store, { workspace, rules, store: true, cache: null });
  };
  const workspaces = withWorkspace ? [{ workspace, rules }] : [];
  return repair(site.store, { snapshots, workspaces }, rescan, {});
}

test("a damaged content is named with each snapshot and path that it breaks, the others are sound", () => {
  const bad = noise(3000, "bad");
  site.write({ "a/bad": bad, "a/good": noise(3000, "good") });
  const first = capture("first");
  site.write({ "b/copy of bad": bad });
  const second = capture("second");
  site.remove("a/bad", "b/copy of bad");
  const third = capture("third");
  damage(hashOf(bad));
  const object = hashOf(bad);
  const problem = "its bytes have changed";
  expect(check([first, second, third])).toEqual([
    { pin: "first", path: "a/bad", object, problem },
    { pin: "second", path: "a/bad", object, problem },
    { pin: "second", path: "b/copy of bad", object, problem },
  ]);
  // Without reading contents back it cannot be seen.
  expect(check([first, second, third], false)).toEqual([]);
  expect(site.store.readTree(third.snapshot.tree)).toHaveLength(2);
});

test("a chunk of a large file that is damaged is what is named, and its file", () => {
  const large = noise(6 * MiB, "large");
  site.write({ large });
  const kept = capture("kept");
  const chunk = hashOf(large.subarray(2 * MiB, 3 * MiB));
  damage(chunk);
  expect(check([kept])).toMatchObject([{ pin: "kept", path: "large", object: chunk }]);
});

test("progress tells of all contents once the folders are known", () => {
  site.write(Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, `${i}`])));
  const kept = capture("kept");
  const told: Progress[] = [];
  validate(
    site.store,
    { snapshots: [kept], deep: true },
    { onProgress: (progress) => told.push(progress) },
  );
  expect(told).toEqual([
    { phase: "read", done: 256, total: 601 },
    { phase: "read", done: 512, total: 601 },
  ]);
});

test("rows that the index lost or has wrong are made again from the packs", () => {
  site.write({ "a/one": noise(2000, "1"), "a/two": noise(2000, "2"), large: noise(5 * MiB) });
  const kept = capture("kept");
  const { database } = site.store.index;
  database.exec("DELETE FROM objects WHERE kind = 3");
  database.exec("UPDATE objects SET offset = offset + 7 WHERE length = 2000");
  database.exec("UPDATE objects SET kind = 1 WHERE kind = 2");
  expect(check([kept]).length).toBeGreaterThan(0);
  const repaired = heal([kept], false);
  // Root, folder, two files, list of chunks.
  expect(repaired).toEqual({ healed: 5, problems: [] });
  expect(check([kept])).toEqual([]);
  expect(site.store.collect({})).toMatchObject({ done: true, removed_objects: 0 });
  expect(check([kept])).toEqual([]);
});

test("what another pack still holds is found there", () => {
  const twice = noise(40_000, "twice");
  site.write({ twice });
  // Two threads that meet the same content before either has committed it store it twice.
  const other = openStore(site.store.dir);
  other.putBlob(twice);
  const kept = capture("kept");
  other.commit();
  other.close();
  damage(hashOf(twice));
  expect(check([kept])).toHaveLength(1);
  expect(heal([kept], false)).toEqual({ healed: 1, problems: [] });
});

test("what a thread takes back while it is looked for is not pointed at", () => {
  const other = openStore(site.store.dir);
  other.putBlob(noise(MiB, "committed"));
  other.commit();
  const lost = other.putBlob(noise(MiB, "lost"));
  let blocks = 0;
  const check = (): void => {
    blocks += 1;
    if (blocks !== 3) return;
    // Both were read, and it is waited for the other thread.
    other.discard();
    other.putBlob(noise(MiB, "in its place"));
    other.commit();
  };
  expect(site.store.care.salvage(new Set([lost]), { check })).toBe(0);
  expect(blocks).toBeGreaterThanOrEqual(3);
  other.close();
  expect(site.store.has(lost)).toBe(false);
});

test("what cannot be looked for just now was not sought in vain", () => {
  const wanted = site.store.putBlob(noise(MiB, "wanted"));
  site.store.commit();
  let isBusy = true;
  const open: Disk["open"] = (...args) => {
    if (isBusy) throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
    return realDisk.open(...args);
  };
  const other = openStore(site.store.dir, { disk: { ...realDisk, open } });
  const look = (): number => other.care.salvage(new Set([wanted]), {});
  expect(errorCode(look)).toBe("internal");
  isBusy = false;
  expect(look()).toBe(1);
  other.close();
});

test("what a workspace still holds, byte for byte, is stored anew", () => {
  const bad = noise(3000, "bad");
  const large = noise(6 * MiB, "large");
  site.write({ "a/b/bad": bad, "a/b/other": noise(2000, "other"), large, link: "->a/b/bad" });
  const kept = capture("kept");
  const chunk = hashOf(large.subarray(MiB, 2 * MiB));
  damage(hashOf(bad));
  damage(chunk);
  expect(check([kept]).map(({ path }) => path)).toEqual(["a/b/bad", "large"]);
  site.write({ "a/b/new": "written since", "a/b/other": "changed since" });
  expect(heal([kept], true)).toEqual({ healed: 2, problems: [] });
  expect(check([kept])).toEqual([]);
});

test("folders and rules that do not read back are stored anew from a folder that is as it was", () => {
  site.write({ "a/b/c": noise(100), d: noise(200), ".gitignore": "ignored" });
  const kept = capture("kept");
  // Folders and rules stand in one block: all of it is gone.
  wipeBlock(site.store, kept.snapshot.tree);
  expect(check([kept])).toMatchObject([
    { pin: "kept", object: kept.snapshot.rules },
    { pin: "kept", object: kept.snapshot.tree },
  ]);
  site.write({ "a/b/more": "written since" });
  const { problems } = heal([kept], true);
  expect(problems).toMatchObject([{ pin: "kept", object: kept.snapshot.tree }]);
  site.remove("a/b/more");
  expect(heal([kept], true).problems).toEqual([]);
  expect(check([kept])).toEqual([]);
});

test("a capture after a block was found broken needs nothing of it, also what nobody could meet", () => {
  site.write({ "a/b/c": "deep", "a/d": "less", e: "top" });
  const kept = capture("kept");
  wipeBlock(site.store, kept.snapshot.tree);
  // Nothing below the root can be looked at.
  expect(check([kept], false).map(({ path }) => path)).toEqual([undefined, undefined]);
  site.write({ "written since": "new" });
  expect(check([capture("later")])).toEqual([]);
});

test("what cannot be healed is said, the rest of that snapshot can be read", () => {
  const bad = noise(3000, "bad");
  site.write({ bad, good: "good" });
  const kept = capture("kept");
  site.write({ bad: "something else by now" });
  damage(hashOf(bad));
  const { healed, problems } = heal([kept], true);
  expect(healed).toBe(0);
  expect(problems).toMatchObject([{ pin: "kept", path: "bad", object: hashOf(bad) }]);
  expect(errorCode(() => [...site.store.readBlob(hashOf(bad))])).toBe("damaged");
  expect(Buffer.concat([...site.store.readBlob(hashOf(Buffer.from("good")))]).toString()).toBe(
    "good",
  );
});

test("once damage is known, the next capture that meets the same content stores it anew", () => {
  const bad = noise(3000, "bad");
  site.write({ "a/b/bad": bad, "a/good": "good" });
  const first = capture("first");
  damage(hashOf(bad));
  expect(check([first])).toHaveLength(1);
  // Nothing has changed, and yet the capture does not rely on what is damaged.
  const second = capture("second");
  expect(second.snapshot.tree).toBe(first.snapshot.tree);
  expect(check([first, second])).toEqual([]);
});

test("each snapshot that is broken is named, however many problems there are", () => {
  site.write(
    Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`f${i}`, noise(50, `${i}`)])),
  );
  const kept = Array.from({ length: 4 }, (_, i) => {
    site.write({ own: `${i}` });
    return capture(`${i}`);
  });
  site.store.index.database.exec("DELETE FROM objects WHERE kind = 1 AND length = 50");
  const problems = check(kept);
  expect(problems.length).toBeLessThan(1100);
  expect(new Set(problems.map(({ pin }) => pin))).toEqual(new Set(["0", "1", "2", "3"]));
});
