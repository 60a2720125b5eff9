import type { WorkHooks } from "../cancelling.ts";
import type { TreeEntry } from "../store/objects.ts";
import type { TreeChange } from "./compare.ts";
import type { Lone } from "./pool.ts";
import { Pool } from "./pool.ts";
import type { ReadableSide } from "./sides.ts";
import { matchSimilar } from "./similarity.ts";

/** New path → what was moved there, by bytes as one character each. */
export type Renames = ReadonlyMap<string, Lone>;

const keptComparisons = 4;

/**
 * Tells files that were moved from those that are gone and new: by equal content first, then by
 * how many lines are alike. What it says depends on the two trees alone, so pages agree.
 */
export class RenameFinder {
  /** Of the latest comparisons, by the trees' hashes. */
  readonly #recent = new Map<string, Renames>();

  find(
    from: ReadableSide,
    to: ReadableSide,
    changes: readonly TreeChange[],
    hooks: WorkHooks,
  ): Renames {
    const key = `${from.root} ${to.root}`;
    const renames = this.#recent.get(key) ?? findRenames(from, to, changes, hooks);
    this.#recent.delete(key);
    this.#recent.set(key, renames);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= keptComparisons) break;
      this.#recent.delete(oldest);
    }
    return renames;
  }
}

function findRenames(
  from: ReadableSide,
  to: ReadableSide,
  changes: readonly TreeChange[],
  hooks: WorkHooks,
): Renames {
  const gone: Lone[] = [];
  const come: Lone[] = [];
  for (const { path, before, after } of changes) {
    if (after === null && mayMove(before)) gone.push({ path, entry: before });
    if (before === null && mayMove(after)) come.push({ path, entry: after });
  }
  const pool = new Pool(gone, come);
  // The more of the path is as it was, the surer it is the same file.
  for (const names of [2, 1, 0]) pool.matchEqual(names);
  matchSimilar({ from, to, pool, hooks });
  return pool.renames;
}

/** Empty files are all alike: that tells nothing. */
function mayMove(entry: TreeEntry | null): entry is TreeEntry {
  return entry !== null && entry.kind !== "directory" && entry.size > 0;
}
