import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { errorCode, noise, StoreSite } from "../testing/store-site.ts";
import type { TreeEntry } from "./objects.ts";
import { openStore } from "./store.ts";

const MiB = 1024 * 1024;
let site: StoreSite;

beforeEach(() => {
  site = new StoreSite();
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
  const large = noise(5 * MiB, "large");
  contents.set(site.store.putBlob(large), large);
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
  const listed = errorCode(() => expect(site.store.readTree(tree)).toHaveLength(40));
  expect(["none", "damaged"]).toContain(listed);
  return damaged + (listed === "damaged" ? 1 : 0);
}

function flips(file: string, rounds: number, check: () => void): void {
  const seed = process.env["CAIRN_SEED"] ?? randomBytes(4).toString("hex");
  console.log(`seed ${seed}`);
  const sound = readFileSync(file);
  for (let round = 0; round < rounds; round += 1) {
    const random = createHash("sha256").update(`${seed} ${round}`).digest();
    const at = random.readUInt32LE(0) % sound.length;
    const bad = Buffer.from(sound);
    bad[at] = bad.readUInt8(at) ^ (1 << (random.readUInt8(4) % 8));
    writeFileSync(file, bad);
    check();
  }
  writeFileSync(file, sound);
}

test("a flipped bit of a pack is found, never passed on", () => {
  const filled = fill();
  site.store.close();
  let found = 0;
  flips(site.onlyPack(), 60, () => {
    site.store = openStore(site.dir);
    if (readAll(filled) > 0) found += 1;
    site.store.close();
  });
  site.store = openStore(site.dir);
  // Only the few bytes of headers and directories are read by nobody here.
  expect(found).toBeGreaterThan(55);
  expect(readAll(filled)).toBe(0);
});

test("a flipped bit of the index is found, never passed on", () => {
  const filled = fill();
  site.store.close();
  flips(join(site.dir, "index.db"), 150, () => {
    let opened = false;
    expect(["none", "damaged", "internal"]).toContain(
      errorCode(() => {
        site.store = openStore(site.dir);
        opened = true;
      }),
    );
    if (!opened) return;
    readAll(filled);
    // A claim on a pack, too, may meet the damage when it is given back.
    expect(["none", "damaged"]).toContain(errorCode(() => site.store.close()));
  });
  site.store = openStore(site.dir);
  expect(readAll(filled)).toBe(0);
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
