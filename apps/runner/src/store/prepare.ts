import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "./disk.ts";
import { isIndexSound, rebuildIndex } from "./rebuild.ts";
import { openStore } from "./store.ts";

/**
 * Call once at start, by the store's only owner and before any thread opens it. An index that is
 * damaged is made anew, which reads all packs.
 */
export function prepareStore(dir: string): void {
  mkdirSync(join(dir, "packs"), { recursive: true, mode: 0o700 });
  if (!isIndexSound(dir, realDisk)) rebuildIndex(dir, realDisk);
  const store = openStore(dir);
  try {
    store.care.begin();
  } finally {
    store.close();
  }
}
