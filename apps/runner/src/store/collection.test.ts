import { appendFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { repair } from "../diff/validate-repair.ts";
import { validate } from "../diff/validate.ts";
import { wipeBlock } from "../testing/corruption.ts";
import { errorCode, noise, StoreSite } from "../testing/store-site.ts";
import { filesOf, keep, put, readFiles } from "../testing/snapshots.ts";
import type { Disk } from "./disk.ts";
import { realDisk } from "./disk.ts";
import { prepareStore } from "./prepare.ts";
import { openStore } from "./store.ts";

const MiB = 1024 * 1024;
const nothing = { freed_bytes: 0, removed_objects: 0, rewritten_packs: 0, removed_packs: 0 };
let site: StoreSite;

beforeEach(() => {
  site = new StoreSite();
});

afterEach(() => site[Symbol.dispose]());

function packed(): number {
  return site.packs().reduce((sum, pack) => sum + statSync(pack).size, 0);
}

test("what no pin reaches goes, with its bytes; what one reaches stays", () => {
  const shared = filesOf("shared", 200);
  const kept = { ...shared, ...filesOf("kept", 40) };
  const snapshot = keep(site.store, "kept", kept);
  keep(site.store, "dropped", { ...shared, ...filesOf("dropped", 300) });
  const before = packed();
  site.store.unpin(["dropped"]);
  const collected = site.store.collect({});
  expect(collected).toMatchObject({ done: true, rewritten_packs: 1, removed_packs: 1 });
  expect(collected.freed_bytes).toBe(before - packed());
  expect(packed()).toBeLessThan(200 * 3100 * 1.1);
  // The dropped snapshot's own files, folders and root.
  expect(collected.removed_objects).toBe(300 + 15 + 1);
  site.reopen();
  expect(readFiles(site.store, snapshot)).toEqual(kept);
  const facts = site.store.facts();
  expect(facts.dead_bytes).toBeLessThan(facts.stored_bytes * 0.2);
  expect(site.store.collect({})).toEqual({ ...nothing, done: true });
});

test("a store in which all is alive is left as it is", () => {
  keep(site.store, "a", filesOf("a", 100));
  site.store.close();
  const before = readdirSync(join(site.dir, "packs"));
  site.store = openStore(site.dir);
  expect(site.store.collect({})).toEqual({ ...nothing, done: true });
  expect(readdirSync(join(site.dir, "packs"))).toEqual(before);
});

test("a pack with less than a fifth of it dead is not rewritten", () => {
  keep(site.store, "kept", filesOf("kept", 100));
  keep(site.store, "dropped", filesOf("dropped", 15));
  site.store.unpin(["dropped"]);
  const collected = site.store.collect({});
  expect(collected).toMatchObject({ removed_objects: 17, rewritten_packs: 0, removed_packs: 0 });
  expect(site.store.facts().dead_bytes).toBeGreaterThan(15 * 3000);
});

test("journals keep what they name, at whatever depth, until they are ended", () => {
  const files = filesOf("target", 30);
  const snapshot = keep(site.store, "pin", files);
  const alone = site.store.putBlob(noise(5000, "newer content of a step"));
  site.store.commit();
  site.store.journals.put("op", "applying", {
    target: snapshot,
    steps: [{ after: { hash: alone } }],
  });
  site.store.unpin(["pin"]);
  site.store.collect({});
  expect(readFiles(site.store, snapshot)).toEqual(files);
  expect(site.content(alone).equals(noise(5000, "newer content of a step"))).toBe(true);
  site.store.journals.delete("op");
  expect(site.store.collect({}).removed_objects).toBe(30 + 3 + 2);
  expect(site.packs()).toEqual([]);
});

test("chunks of large files are kept and dropped with their lists", () => {
  const shared = noise(5 * MiB, "large");
  const longer = Buffer.concat([shared, noise(3 * MiB, "tail")]);
  const snapshot = keep(site.store, "kept", { large: shared });
  keep(site.store, "dropped", { large: longer });
  site.store.unpin(["dropped"]);
  const collected = site.store.collect({});
  // Three chunks of the tail, list and root.
  expect(collected.removed_objects).toBe(5);
  expect(collected.freed_bytes).toBeGreaterThan(3 * MiB);
  site.reopen();
  expect(readFiles(site.store, snapshot)["large"]?.equals(shared)).toBe(true);
});

test("an empty file and an empty folder outlive a collection of all that stood beside them", () => {
  const snapshot = keep(site.store, "kept", { empty: Buffer.alloc(0) });
  keep(site.store, "dropped", filesOf("dropped", 50));
  site.store.unpin(["dropped"]);
  site.store.collect({});
  site.reopen();
  expect(readFiles(site.store, snapshot)).toEqual({ empty: Buffer.alloc(0) });
});

test("dead objects inside a block that is still needed are left behind when it is rewritten", () => {
  // One block of 60 files, of which 10 stay.
  const files = filesOf("all", 60);
  const kept = Object.fromEntries(Object.entries(files).slice(0, 10));
  keep(site.store, "all", files);
  const snapshot = keep(site.store, "kept", kept);
  site.store.unpin(["all"]);
  site.store.collect({});
  expect(packed()).toBeLessThan(10 * 3200 + 4000);
  site.reopen();
  expect(readFiles(site.store, snapshot)).toEqual(kept);
  // The bytes are gone, not only the rows.
  const facts = site.store.facts();
  expect(facts.stored_bytes).toBe(packed());
  expect(facts.dead_bytes).toBeLessThan(3000);
});

test("files in the packs folder that no commit knows are removed, and torn tails with their pack", () => {
  const snapshot = keep(site.store, "kept", filesOf("kept", 20));
  writeFileSync(join(site.dir, "packs", "0123456789abcdef.pack"), noise(100_000));
  appendFileSync(
    site.packs().find((pack) => !pack.includes("0123456789abcdef"))!,
    noise(50_000),
  );
  const collected = site.store.collect({});
  expect(collected).toMatchObject({ removed_objects: 0, removed_packs: 2, rewritten_packs: 1 });
  expect(packed()).toBeLessThan(20 * 3200);
  expect(readFiles(site.store, snapshot)).toEqual(filesOf("kept", 20));
});

test("slices: each call goes on where the last one stopped, with captures in between", () => {
  const kept = filesOf("kept", 400, 20_000);
  const snapshot = keep(site.store, "kept", kept);
  const dropped = filesOf("dropped", 400, 20_000);
  keep(site.store, "dropped", dropped);
  site.store.unpin(["dropped"]);
  let slices = 0;
  let freed = 0;
  const between: [ReturnType<typeof keep>, typeof kept][] = [];
  for (let done = false; !done; slices += 1) {
    const collected = site.store.collect({ max_ms: 0 });
    ({ done } = collected);
    freed += collected.freed_bytes;
    // What is being collected is captured again, a part at a time.
    const some = Object.fromEntries(Object.entries(dropped).slice(slices * 7, slices * 7 + 14));
    between.push([keep(site.store, `between ${slices}`, some), some]);
  }
  expect(slices).toBeGreaterThan(5);
  expect(freed).toBeGreaterThan(0);
  site.reopen();
  expect(readFiles(site.store, snapshot)).toEqual(kept);
  for (const [captured, files] of between) expect(readFiles(site.store, captured)).toEqual(files);
});

test("while a capture is at work nothing that it saw is removed", () => {
  const files = filesOf("seen", 50);
  keep(site.store, "old", files);
  site.store.unpin(["old"]);
  const capturing = openStore(site.dir);
  try {
    const snapshot = put(capturing, files);
    expect(site.store.collect({ max_ms: 1000 })).toEqual({ ...nothing, done: false });
    capturing.commit({ pin: "new", snapshot });
    while (!site.store.collect({ max_ms: 1000 }).done) continue;
    expect(readFiles(capturing, snapshot)).toEqual(files);
    // One that is given up keeps nothing.
    capturing.unpin(["new"]);
    put(capturing, files);
    capturing.discard();
    expect(site.store.collect({}).removed_objects).toBe(50 + 3 + 1 + 1);
  } finally {
    capturing.close();
  }
});

test("a pack that another thread had open is taken from it, and that one goes on elsewhere", () => {
  const other = openStore(site.dir);
  try {
    keep(other, "dropped", filesOf("dropped", 40));
    const kept = keep(other, "kept", filesOf("kept", 10));
    site.store.unpin(["dropped"]);
    expect(site.store.collect({}).rewritten_packs).toBe(1);
    const later = keep(other, "later", filesOf("later", 10));
    site.reopen();
    expect(readFiles(site.store, kept)).toEqual(filesOf("kept", 10));
    expect(readFiles(site.store, later)).toEqual(filesOf("later", 10));
    expect(readFiles(other, kept)).toEqual(filesOf("kept", 10));
  } finally {
    other.close();
  }
});

test("a reader that found an object before it was moved finds it again", () => {
  const large = noise(30 * MiB, "read while it is moved");
  const reader = openStore(site.dir);
  try {
    keep(site.store, "dropped", { other: noise(10 * MiB, "dropped") });
    const { tree } = keep(site.store, "kept", { large });
    site.store.unpin(["dropped"]);
    const [entry] = reader.readTree(tree);
    const parts: Uint8Array[] = [];
    for (const part of reader.readBlob(entry!.hash)) {
      if (parts.length === 3) site.store.collect({});
      parts.push(part);
    }
    expect(Buffer.concat(parts).equals(large)).toBe(true);
  } finally {
    reader.close();
  }
});

test("an object that is moved between the look into the index and the read is read where it went", () => {
  const kept = filesOf("kept", 20);
  keep(site.store, "dropped", filesOf("dropped", 60));
  const snapshot = keep(site.store, "kept", kept);
  site.store.unpin(["dropped"]);
  let collected = false;
  const disk: Disk = {
    ...realDisk,
    open(path, flags, mode) {
      // The reader has its place by now.
      if (!collected) {
        collected = true;
        expect(site.store.collect({}).rewritten_packs).toBe(1);
      }
      return realDisk.open(path, flags, mode);
    },
  };
  const reader = openStore(site.dir, { disk });
  try {
    expect(readFiles(reader, snapshot)).toEqual(kept);
    expect(collected).toBe(true);
  } finally {
    reader.close();
  }
});

test("rewriting takes one pack more of the disk at most, however many there are", () => {
  const rollBytes = 400_000;
  let most = 0;
  const disk: Disk = {
    ...realDisk,
    write(fd, parts, position) {
      const written = realDisk.write(fd, parts, position);
      most = Math.max(most, packed());
      return written;
    },
  };
  site.reopen({ rollBytes, disk });
  // In turns, so that half of each pack is dropped.
  const pins: string[] = [];
  for (let i = 0; i < 40; i += 1) {
    keep(site.store, `${i}`, filesOf(`${i}`, 20));
    if (i % 2 === 0) pins.push(`${i}`);
  }
  const before = packed();
  expect(site.packs().length).toBeGreaterThan(4);
  site.store.unpin(pins);
  most = 0;
  const { rewritten_packs } = site.store.collect({});
  expect(rewritten_packs).toBeGreaterThan(4);
  expect(most).toBeLessThan(before + rollBytes + 300_000);
  expect(packed()).toBeLessThan(before * 0.6);
});

test("with a folder that cannot be read nothing is collected, since what it held is not known", () => {
  const { tree } = keep(site.store, "kept", filesOf("kept", 30));
  keep(site.store, "dropped", filesOf("dropped", 30));
  site.store.unpin(["dropped"]);
  wipeBlock(site.store, tree);
  site.reopen();
  expect(errorCode(() => site.store.collect({}))).toBe("damaged");
  expect(() => site.store.collect({})).toThrow(/Run repair/);
  site.store.unpin(["kept"]);
  expect(site.store.collect({})).toMatchObject({ done: true, removed_objects: 60 + 4 + 2 + 1 });
});

test("while something that is needed is missing nothing is collected, until repair has looked for it", () => {
  const kept = { pin: "kept", snapshot: keep(site.store, "kept", filesOf("kept", 30)) };
  const { tree } = kept.snapshot;
  const lost = site.store.readTree(site.store.readTree(tree)[0]!.hash)[0]!.hash;
  // As a flipped bit does it: under another hash it looks dead.
  const change = site.store.index.database.prepare("UPDATE objects SET hash = ? WHERE hash = ?");
  change.run(Buffer.alloc(32, 7), Buffer.from(lost, "hex"));
  expect(() => site.store.collect({})).toThrow(/Run repair, then collect/);
  const repaired = repair(site.store, { snapshots: [kept], workspaces: [] }, () => undefined, {});
  expect(repaired).toEqual({ healed: 1, problems: [] });
  expect(site.store.collect({})).toMatchObject({ done: true, removed_objects: 1 });
  expect(readFiles(site.store, kept.snapshot)).toEqual(filesOf("kept", 30));
  // What is in no pack any more is no obstacle for ever.
  wipeBlock(site.store, lost);
  site.store.index.database.prepare("DELETE FROM objects WHERE kind = 1").run();
  const { problems } = repair(
    site.store,
    { snapshots: [kept], workspaces: [] },
    () => undefined,
    {},
  );
  expect(problems).toHaveLength(30);
  site.store.care.recount({});
  expect(site.store.collect({})).toMatchObject({ done: true });
});

test("what a validation finds missing is still kept for a repair", () => {
  const kept = { pin: "kept", snapshot: keep(site.store, "kept", filesOf("kept", 30)) };
  const lost = site.store.readTree(site.store.readTree(kept.snapshot.tree)[0]!.hash)[0]!.hash;
  const change = site.store.index.database.prepare("UPDATE objects SET hash = ? WHERE hash = ?");
  change.run(Buffer.alloc(32, 7), Buffer.from(lost, "hex"));
  expect(validate(site.store, { snapshots: [kept], deep: true }).problems).toHaveLength(1);
  expect(() => site.store.collect({})).toThrow(/Run repair, then collect/);
  const repaired = repair(site.store, { snapshots: [kept], workspaces: [] }, () => undefined, {});
  expect(repaired).toEqual({ healed: 1, problems: [] });
  expect(readFiles(site.store, kept.snapshot)).toEqual(filesOf("kept", 30));
});

test("a transaction that fails while a pack is rewritten is no damage: it is told, and no copy is cut off", () => {
  const files = filesOf("all", 60);
  const kept = Object.fromEntries(Object.entries(files).slice(0, 10));
  keep(site.store, "all", files);
  const snapshot = keep(site.store, "kept", kept);
  site.store.unpin(["all"]);
  const before = packed();
  const { rows } = site.store.index;
  const repoint = rows.repoint.bind(rows);
  rows.repoint = () => {
    // As SQLite tells of a sync that failed: the rows may be on the disk all the same.
    throw Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 1034 });
  };
  expect(errorCode(() => site.store.collect({}))).toBe("internal");
  expect(packed()).toBeGreaterThan(before);
  rows.repoint = repoint;
  expect(site.store.collect({})).toMatchObject({ done: true });
  expect(packed()).toBeLessThan(before / 4);
  expect(readFiles(site.store, snapshot)).toEqual(kept);
});

test("an index whose counts are wrong is not collected by: it is made anew first", () => {
  const snapshot = keep(site.store, "kept", filesOf("kept", 30));
  site.store.index.database.exec("UPDATE blocks SET refs = refs - 1 WHERE id = 1");
  expect(() => site.store.collect({})).toThrow(/makes the index anew/);
  site.store.close();
  prepareStore(site.dir);
  site.store = openStore(site.dir);
  expect(site.store.collect({}).removed_objects).toBe(0);
  expect(readFiles(site.store, snapshot)).toEqual(filesOf("kept", 30));
});
