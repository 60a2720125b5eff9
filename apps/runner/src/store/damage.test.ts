import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { damageObject } from "../testing/corruption.ts";
import { newSeed } from "../testing/random.ts";
import { damageIndex, flipPacks } from "../testing/store-flips.ts";
import { errorCode, memoryDir, noise, StoreSite } from "../testing/store-site.ts";
import { noteDamage } from "./index-damage.ts";
import type { TreeEntry } from "./objects.ts";
import { prepareStore } from "./prepare.ts";
import { openStore } from "./store.ts";

const MiB = 1024 * 1024;
let site: StoreSite;

beforeEach(() => {
  site = new StoreSite(memoryDir());
});

afterEach(() => site[Symbol.dispose]());

test("a torn tail of a pack is garbage: what is committed before and after it is read", () => {
  const before = site.store.putBlob(noise(50_000, "before"));
  site.store.commit();
  site.store.close();
  const pack = site.onlyPack();
  const block = readFileSync(pack).subarray(16);
  appendFileSync(pack, block.subarray(0, block.length / 2));
  site.store = openStore(site.dir);
  const after = site.store.putBlob(noise(50_000, "after"));
  site.store.commit();
  site.reopen();
  expect(site.onlyPack()).toBe(pack);
  expect(site.content(before).equals(noise(50_000, "before"))).toBe(true);
  expect(site.content(after).equals(noise(50_000, "after"))).toBe(true);
});

test.each([
  ["while it appends", "store.putBlob(big); die();"],
  [
    "between the pack and the index",
    "store.index.commit = die; store.putBlob(big); store.commit();",
  ],
])("a process killed %s loses only what was not acknowledged", (_when, work) => {
  site.store.close();
  const script = `
    const { openStore } = await import(${JSON.stringify(new URL("store.ts", import.meta.url).href)});
    const store = openStore(${JSON.stringify(site.dir)});
    store.putBlob(Buffer.from("acknowledged"));
    store.commit();
    const big = Buffer.alloc(300_000, "not acknowledged");
    const die = () => process.kill(process.pid, "SIGKILL");
    ${work}
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  expect([child.signal, child.stderr.toString()]).toEqual(["SIGKILL", ""]);
  site.store = openStore(site.dir);
  const acknowledged = site.store.hashBlob(Buffer.from("acknowledged"));
  expect(site.content(acknowledged).toString()).toBe("acknowledged");
  const big = Buffer.alloc(300_000, "not acknowledged");
  expect(site.store.has(site.store.hashBlob(big))).toBe(false);
  const again = site.store.putBlob(big);
  site.store.commit();
  site.reopen();
  expect(site.content(again).equals(big)).toBe(true);
});

test("a write that fails keeps nothing, and the store works on", () => {
  const hidden = join(site.dir, "hidden");
  renameSync(join(site.dir, "packs"), hidden);
  const lost = site.store.putBlob(Buffer.from("lost"));
  expect(errorCode(() => site.store.commit())).toBe("internal");
  expect(site.store.has(lost)).toBe(false);
  renameSync(hidden, join(site.dir, "packs"));
  const kept = site.store.putBlob(Buffer.from("kept"));
  site.store.commit();
  site.reopen();
  expect(site.content(kept).toString()).toBe("kept");
  expect(site.store.has(lost)).toBe(false);
});

interface Filled {
  contents: Map<string, Buffer>;
  tree: string;
}

function fill(): Filled {
  const contents = new Map<string, Buffer>();
  const entries: TreeEntry[] = [];
  for (let i = 0; i < 40; i += 1) {
    const data = i % 3 === 0 ? noise(2000 + i, `${i}`) : Buffer.from(`line ${i}\n`.repeat(100 + i));
    const hash = site.store.putBlob(data);
    contents.set(hash, data);
    entries.push({
      name: Buffer.from(`f${i}`),
      kind: "file",
      mode: 0o644,
      size: data.length,
      hash,
    });
  }
  // Chunked, but small in a pack.
  const large = Buffer.alloc(4 * MiB + 1, "many chunks that are alike ");
  const hash = site.store.putBlob(large);
  contents.set(hash, large);
  entries.push({ name: Buffer.from("large"), kind: "file", mode: 0o644, size: large.length, hash });
  const tree = site.store.putTree(entries);
  site.store.commit();
  return { contents, tree };
}

/** Reads all: each comes back as it was put, or as `damaged`. Gives how many were damaged. */
function readAll({ contents, tree }: Filled): number {
  let damaged = 0;
  for (const [hash, data] of contents) {
    try {
      expect(site.content(hash).equals(data)).toBe(true);
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== "damaged") throw error;
      damaged += 1;
    }
  }
  const listed = errorCode(() => expect(site.store.readTree(tree)).toHaveLength(41));
  expect(["none", "damaged"]).toContain(listed);
  return damaged + (listed === "damaged" ? 1 : 0);
}

test("of 350 flipped bits of a pack, each that breaks anything is found, and all that it breaks is named", () => {
  const { found, wrong } = flipPacks(350, newSeed("packs"));
  expect(wrong).toEqual([]);
  // The rest were in the headers of blocks, with which a lost index is made anew.
  expect(found).toBeGreaterThan(300);
  // Some seconds of computing, which a busy machine gives in its own time.
}, 60_000);

test("what is sound beside a flipped bit is found again without an index", () => {
  const sound = noise(5000, "sound");
  const bad = noise(5000, "bad");
  for (const data of [bad, sound]) site.store.putBlob(data);
  site.store.commit();
  damageObject(site.store, site.store.hashBlob(bad));
  site.store.close();
  noteDamage(site.dir);
  prepareStore(site.dir);
  site.store = openStore(site.dir);
  expect(site.content(site.store.hashBlob(sound)).equals(sound)).toBe(true);
  expect(errorCode(() => site.content(site.store.hashBlob(bad)))).toBe("damaged");
});

test("after 150 kinds of damage to an index: no wrong bytes, and nothing that a new one would not bring back", () => {
  expect(damageIndex(150, newSeed("index"))).toEqual([]);
});

test("a pack that was cut off or is gone damages what was in it, and takes no new blocks", () => {
  const filled = fill();
  site.store.close();
  const pack = site.onlyPack();
  truncateSync(pack, Math.floor(statSync(pack).size / 2));
  site.store = openStore(site.dir);
  expect(readAll(filled)).toBeGreaterThan(0);
  const fresh = site.store.putBlob(noise(1000, "fresh"));
  site.store.commit();
  expect(site.packs()).toHaveLength(2);
  rmSync(pack);
  site.reopen();
  expect(readAll(filled)).toBe(filled.contents.size + 1);
  expect(site.content(fresh).equals(noise(1000, "fresh"))).toBe(true);
});
