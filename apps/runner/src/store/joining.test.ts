import { rmSync, statSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Snapshot } from "../runner.ts";
import { wipeBlock } from "../testing/corruption.ts";
import type { Files } from "../testing/snapshots.ts";
import { filesOf, keep, readFiles } from "../testing/snapshots.ts";
import { errorCode, memoryDir, StoreSite } from "../testing/store-site.ts";
import { noteDamage } from "./index-damage.ts";
import { prepareStore } from "./prepare.ts";
import { openStore } from "./store.ts";

let site: StoreSite;

beforeEach(() => {
  site = new StoreSite(memoryDir());
});

afterEach(() => site[Symbol.dispose]());

interface Kept {
  snapshot: Snapshot;
  files: Files;
}

const base = filesOf("base", 400, 2500);

/** A checkpoint of a folder of four hundred files, of which ten are others than in the base. */
function change(round: number): Kept {
  const files = { ...base, ...filesOf(`changed ${round}`, 10, 500) };
  return { files, snapshot: keep(site.store, `${round}`, files) };
}

function changes(count: number): Kept[] {
  keep(site.store, "base", base);
  return Array.from({ length: count }, (_, round) => change(round));
}

function expectAll(kept: Kept[]): void {
  for (const { snapshot, files } of kept) {
    expect(isDeepStrictEqual(readFiles(site.store, snapshot), files)).toBe(true);
  }
}

function bytes(of: string): number {
  const packs = site.packs().filter((path) => path.endsWith(of));
  return packs.reduce((sum, path) => sum + statSync(path).size, 0);
}

/** Rows that are not as their objects and blocks have it. */
function wrongRows(): unknown[] {
  return site.store.index.database
    .prepare(
      `SELECT b.id, b.refs, b.live, count(o.hash) AS objects, sum(o.length) AS bytes
       FROM blocks b LEFT JOIN objects o ON o.block = b.id GROUP BY b.id
       HAVING b.refs <> count(o.hash) OR b.live <> coalesce(sum(o.length), 0)`,
    )
    .all();
}

test("small commits are joined when there are enough of them, and take a fraction then", () => {
  site.reopen({ joinBytes: 300_000 });
  const kept = changes(6);
  const [before, others] = [bytes(".young"), bytes(".pack")];
  site.store.tidy();
  expect(bytes(".young")).toBe(before);
  for (let round = 6; bytes(".young") > 0; round += 1) {
    kept.push(change(round));
    site.store.tidy();
    expect(round).toBeLessThan(60);
  }
  expect(wrongRows()).toEqual([]);
  expectAll(kept);
  // Ten files of noise each and the folders above: all but the first of those cost little.
  const files = kept.length * 10 * 560;
  expect(bytes(".pack") - others - files).toBeLessThan((before - 6 * 5600) / 3);
  site.reopen();
  expectAll(kept);
  // What follows is small again.
  kept.push(change(100));
  expect(bytes(".young")).toBeGreaterThan(0);
  expectAll(kept);
});

test("what is joined is collected as all else, also between two slices of a collection", () => {
  site.reopen({ joinBytes: 100_000 });
  const kept = changes(30);
  site.store.unpin(kept.splice(0, 15).map((_, round) => `${round}`));
  const other = openStore(site.dir);
  try {
    for (let slices = 0; !other.collect({ max_ms: 0 }).done; slices += 1) {
      kept.push(change(100 + slices));
      site.store.tidy();
    }
  } finally {
    other.close();
  }
  expect(wrongRows()).toEqual([]);
  expectAll(kept);
  site.store.tidy();
  expect(site.store.collect({})).toMatchObject({ done: true });
  expect(wrongRows()).toEqual([]);
  expectAll(kept);
});

test("a young pack that collecting has taken is left to it", () => {
  site.reopen({ joinBytes: 100_000 });
  const kept = changes(20);
  const { database } = site.store.index;
  database.exec("UPDATE packs SET writer = 'collecting' WHERE name LIKE '%.young'");
  const before = site.packs();
  site.store.tidy();
  expect(site.packs()).toEqual(before);
  kept.push(change(100));
  expect(site.packs()).toHaveLength(before.length + 1);
  expectAll(kept);
});

test("a damaged block stays where it is, for repair, and the others are as readable as before", () => {
  site.reopen({ joinBytes: 100_000 });
  const kept = changes(20);
  const lost = kept.pop()!;
  wipeBlock(site.store, lost.snapshot.tree);
  site.store.readAnew();
  const before = site.packs();
  site.store.tidy();
  expect(site.packs()).toEqual(before);
  expect(errorCode(() => readFiles(site.store, lost.snapshot))).toBe("damaged");
  expectAll(kept);
  kept.push(change(100));
  site.store.tidy();
  expectAll(kept);
});

test("a join that failed is tried again when there is twice as much", () => {
  site.reopen({ joinBytes: 100_000 });
  const kept = changes(20);
  const { rows } = site.store.index;
  const repoint = rows.repoint.bind(rows);
  rows.repoint = () => {
    throw new Error("the disk is full");
  };
  site.store.tidy();
  rows.repoint = repoint;
  expect(bytes(".young")).toBeGreaterThan(0);
  for (let round = 100; bytes(".young") > 0; round += 1) {
    kept.push(change(round));
    site.store.tidy();
    expect(round).toBeLessThan(160);
  }
  expect(wrongRows()).toEqual([]);
  expectAll(kept);
});

test("an index made anew knows young packs, and what a crash left of one that was joined", () => {
  site.reopen({ joinBytes: 100_000 });
  const kept = changes(20);
  const rebuilt = (): void => {
    site.store.close();
    noteDamage(site.dir);
    prepareStore(site.dir);
    site.store = openStore(site.dir, { joinBytes: 100_000 });
  };
  rebuilt();
  expectAll(kept);
  kept.push(change(100));
  site.store.tidy();
  expect(bytes(".young")).toBe(0);
  expectAll(kept);
  for (const path of site.packs()) if (path.endsWith(".young")) rmSync(path);
  rebuilt();
  expectAll(kept);
});
