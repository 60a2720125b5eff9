import { compareTrees, isOfFile } from "../diff/compare.ts";
import { storedSide } from "../diff/sides.ts";
import type { Dirty } from "../runner.ts";
import type { Scan } from "../scan/scan.ts";
import type { ObjectStore } from "../store/objects.ts";

/** How a folder that was just scanned differs from a tree: what a capture would call changed. */
export function dirtyOf(
  store: ObjectStore,
  scan: Scan,
  tree: string | null,
  check?: () => void,
): Dirty {
  const { from, to } = scan.tree.since?.(tree) ?? { from: storedSide(store, tree), to: scan.tree };
  let files = 0;
  for (const change of compareTrees(from, to)) {
    if (isOfFile(change)) files += 1;
    check?.();
  }
  return { files, tree: scan.root };
}
