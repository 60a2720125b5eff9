import type { Snapshot } from "../runner.ts";
import { splitPath } from "../scan/paths.ts";
import type { Scan } from "../scan/scan.ts";
import { loadRules } from "../scan/scan.ts";
import { Skipped, decodeSkipped } from "../scan/skipped.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import { Choice } from "./choice.ts";
import { isDamaged } from "./draft.ts";
import type { ReadTree } from "./merge.ts";
import type { Present, Wanted } from "./planner.ts";

/** What a scan of a folder that is not there would give. */
export function nothingScanned(store: ObjectStore, { rules }: Snapshot, storing: boolean): Scan {
  const root = storing ? store.putTree([]) : store.hashTree([]);
  return {
    root,
    tree: {
      root,
      lookup: () => undefined,
      readTree: (hash) => (hash === root ? [] : store.readTree(hash)),
    },
    rulesHash: rules,
    skippedHash: null,
    skipped: [],
    isSkipped: () => false,
    ignoredMatcher: () => false,
    repositories: [],
    files: 0,
    bytes: 0,
  };
}

export function presentOf(scan: Scan | null, store: ObjectStore): Present {
  if (scan === null) {
    const root = store.hashTree([]);
    const never = (): boolean => false;
    return { root, readTree: () => [], isIgnored: never, isSkipped: never };
  }
  return {
    root: scan.root,
    readTree: (hash) => scan.tree.readTree(hash),
    isIgnored: scan.ignoredMatcher,
    isSkipped: scan.isSkipped,
  };
}

/** What a checkpoint holds and knows; `remembered` are the paths of `wanted.remembered`. */
export function wantedOf(
  target: Snapshot,
  store: ObjectStore,
  copying: boolean,
): { wanted: Wanted; remembered: Buffer[] } {
  const rules = unlessDamaged(() => loadRules(store, target.rules));
  const remembered = rules === null ? [] : rememberedBy(store, target.rules);
  // A copy overwrites nothing, so what is doubtful in the target does no harm in it.
  const skipped = copying ? new Skipped() : unlessDamaged(() => skippedOf(store, target.skipped));
  const wanted = {
    root: target.tree,
    isIgnored: rules ?? (() => false),
    isSkipped: (path: Buffer) => skipped?.covers(path) ?? false,
    knowsWhatItLacks: rules !== null && skipped !== null,
    remembered: new Choice(remembered),
  };
  return { wanted, remembered };
}

function skippedOf(store: ObjectStore, hash: string | null): Skipped {
  const skipped = new Skipped();
  if (hash === null) return skipped;
  for (const { path, path_b64, reason } of decodeSkipped(store.readRecord("skipped", hash))) {
    const bytes = path_b64 === undefined ? Buffer.from(path) : Buffer.from(path_b64, "base64");
    skipped.add(bytes.toString("latin1"), reason);
  }
  return skipped;
}

/** What `read` gives; null when the store's copy of it is damaged. */
export function unlessDamaged<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isDamaged(error)) return null;
    throw error;
  }
}

interface RememberingRules {
  /** One byte a character. */
  remembered?: string[];
}

function rememberedBy(store: ObjectStore, rules: string): Buffer[] {
  const stored = JSON.parse(store.readRecord("rules", rules).toString()) as RememberingRules;
  return (stored.remembered ?? []).map((path) => Buffer.from(path, "latin1"));
}

/**
 * Stores rules like these that also remember paths which a restore changes although they are
 * ignored. Whoever goes back to the safety checkpoint gets them back too.
 */
export function remember(store: ObjectStore, rules: string, paths: Buffer[]): string {
  if (paths.length === 0) return rules;
  const stored = JSON.parse(store.readRecord("rules", rules).toString()) as RememberingRules;
  const remembered = paths.map((path) => path.toString("latin1"));
  return store.putRecord("rules", Buffer.from(JSON.stringify({ ...stored, remembered })));
}

/** Whether a tree holds a path. */
export function holds(readTree: ReadTree, root: string, path: Buffer): boolean {
  let hash: string | undefined = root;
  for (const name of splitPath(path)) {
    if (hash === undefined) return false;
    const entry: TreeEntry | undefined = readTree(hash).find((other) => other.name.equals(name));
    if (entry === undefined) return false;
    hash = entry.kind === "directory" ? entry.hash : undefined;
  }
  return true;
}
