import { expect, test } from "vitest";
import { newSeed } from "../testing/random.ts";
import { readFiles } from "../testing/snapshots.ts";
import { crowd } from "../testing/store-crowd.ts";
import { StoreSite } from "../testing/store-site.ts";

test("threads that capture the same contents while they are collected lose nothing, and leak nothing", async () => {
  using site = new StoreSite();
  const seed = newSeed("crowd");
  const { held, removed, rewritten } = await crowd(site.store, { threads: 3, rounds: 120, seed });
  // Else it was not in anybody's way.
  expect(removed).toBeGreaterThan(100);
  expect(rewritten).toBeGreaterThan(0);
  site.reopen();
  expect(site.store.index.pins()).toEqual(held.map(({ pin }) => pin).toSorted());
  for (const { snapshot } of held) readFiles(site.store, snapshot);
  site.store.collect({});
  for (const { snapshot } of held) readFiles(site.store, snapshot);
  site.store.unpin(held.map(({ pin }) => pin));
  site.store.collect({});
  expect(site.packs()).toEqual([]);
  expect(site.store.facts()).toMatchObject({ objects: 0, stored_bytes: 0, raw_bytes: 0 });
});
