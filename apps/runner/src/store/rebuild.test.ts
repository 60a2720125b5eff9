import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Snapshot } from "../runner.ts";
import { cutOff } from "../testing/corruption.ts";
import type { Files } from "../testing/snapshots.ts";
import { filesOf, keep, readFiles } from "../testing/snapshots.ts";
import { errorCode, memoryDir, noise, StoreSite } from "../testing/store-site.ts";
import { noteDamage } from "./index-damage.ts";
import { prepareStore } from "./prepare.ts";
import { openStore } from "./store.ts";

const MiB = 1024 * 1024;
let site: StoreSite;

beforeEach(() => {
  site = new StoreSite(memoryDir());
});

afterEach(() => site[Symbol.dispose]());

interface Kept {
  pin: string;
  snapshot: Snapshot;
  files: Files;
}

function fill(): Kept[] {
  const shared = { ...filesOf("shared", 50), large: Buffer.alloc(4 * MiB + 3, "chunked ") };
  const kept = ["a", "b", "c"].map((pin) => {
    const files = { ...shared, ...filesOf(pin, 20) };
    return { pin, files, snapshot: keep(site.store, pin, files) };
  });
  keep(site.store, "gone", filesOf("gone", 40));
  site.store.unpin(["gone"]);
  site.store.journals.put("operation", "applying", { target: kept[0]?.snapshot });
  site.store.index.setDevice("/work", "7");
  return kept;
}

const indexOf = (dir: string): string => join(dir, "index.db");

function prepared(): void {
  prepareStore(site.dir);
  site.store = openStore(site.dir);
}

function expectAll(kept: Kept[]): void {
  for (const { snapshot, files } of kept) expectFiles(snapshot, files);
}

/** Vitest's own comparison takes seconds for some megabytes. */
function expectFiles(snapshot: Snapshot, files: Files): void {
  expect(isDeepStrictEqual(readFiles(site.store, snapshot), files)).toBe(true);
}

test("an index that is gone is made anew; nothing is collected before all pins are back", () => {
  const kept = fill();
  site.store.close();
  for (const name of readdirSync(site.dir)) {
    if (name.startsWith("index.db")) rmSync(join(site.dir, name));
  }
  prepared();
  expectAll(kept);
  expect(site.store.care.waiting()).toEqual({ released: 0, pins_lost: true });
  expect(errorCode(() => site.store.collect({}))).toBe("damaged");
  expect(site.store.care.repin(kept)).toBe(3);
  expect(site.store.care.waiting().pins_lost).toBe(false);
  expect(site.store.collect({}).removed_objects).toBe(40 + 2 + 1);
  site.reopen();
  expectAll(kept);
});

test.each(["nothing but garbage", "a page of it is garbage", "it is cut in half"])(
  "an index of which %s is made anew at the next start",
  (damage) => {
    const kept = fill();
    site.store.close();
    const path = indexOf(site.dir);
    const size = statSync(path).size;
    if (damage === "nothing but garbage") writeFileSync(path, noise(size));
    if (damage === "a page of it is garbage") {
      writeFileSync(path, noise(4096), { flag: "r+" });
    }
    if (damage === "it is cut in half") cutOff(path, size / 2);
    expect(errorCode(() => openStore(site.dir).close())).toBe("damaged");
    prepared();
    expectAll(kept);
    site.store.care.repin(kept);
    expect(existsSync(join(site.dir, "index.damaged"))).toBe(false);
    expect(readdirSync(site.dir).filter((name) => name.includes(".old"))).toEqual([]);
    expect(site.store.collect({})).toMatchObject({ done: true });
    expectAll(kept);
  },
);

test("pins and journals of an index that can be read in part are kept", () => {
  const kept = fill();
  site.store.close();
  noteDamage(site.dir);
  prepared();
  expect(site.store.care.waiting().pins_lost).toBe(false);
  expect(site.store.index.pins()).toEqual(["a", "b", "c"]);
  expect(site.store.index.device("/work")).toBe("7");
  expect(site.store.journals.list()).toMatchObject([{ operation_id: "operation" }]);
  expectAll(kept);
});

test("what an attempt that a crash cut has left does no harm", () => {
  const kept = fill();
  site.store.close();
  const path = indexOf(site.dir);
  cpSync(path, join(site.dir, "index.old.db"));
  writeFileSync(join(site.dir, "index.new.db"), "half of it");
  writeFileSync(path, "");
  noteDamage(site.dir);
  prepared();
  expect(site.store.index.pins()).toEqual(["a", "b", "c"]);
  expectAll(kept);
});

test("a folder whose contents a crash kept from the disk is not taken for whole", () => {
  const missing = site.store.hashBlob(noise(100, "never written"));
  const file = { name: Buffer.from("f"), kind: "file", mode: 0o644, size: 100 } as const;
  const torn = [{ ...file, hash: missing }];
  const inner = site.store.putTree(torn);
  const folder = { name: Buffer.from("d"), kind: "directory", mode: 0o755, size: 0 } as const;
  const outer = site.store.putTree([{ ...folder, hash: inner }]);
  site.store.commit();
  site.store.close();
  noteDamage(site.dir);
  prepared();
  expect(site.store.has(inner)).toBe(false);
  expect(site.store.has(outer)).toBe(false);
  site.store.discard();
  // Met again, it is stored with what it lacked.
  site.store.putBlob(noise(100, "never written"));
  site.store.putTree(torn);
  site.store.commit();
  site.reopen();
  expect(site.store.has(inner)).toBe(true);
});
