import type { LeftOut, SkippedPath } from "@cairn/shared/files";
import { ProtocolError } from "@cairn/shared/errors";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import { splitPath } from "./paths.ts";
import type { StoredRules } from "./rules.ts";
import { RuleSet } from "./rules.ts";
import { encodeSkipped } from "./skipped.ts";
import type { WalkOptions } from "./walk.ts";
import { Walk } from "./walk.ts";

/** `workspace` is a real path. `store`: keep what is read (durable by `store.commit`), or only hash. */
export type ScanOptions = WalkOptions;

/** The tree that a scan found. Paths are relative and `/`-separated; the empty path is the root. */
export interface ScannedTree {
  root: string;
  lookup(path: Buffer): TreeEntry | undefined;
  /** Entries of a folder of this scan, or else of the store: a scan that only hashes works too. */
  readTree(hash: string): TreeEntry[];
}

/** Whether the path, or a folder above it, is left out of captures. */
export type IgnoredMatcher = (path: Buffer, isDir: boolean) => boolean;

export interface Scan {
  root: string;
  tree: ScannedTree;
  /** Hash of the effective rules, stored when `store` was true. */
  rulesHash: string;
  /** Hash of the list of skipped paths, null when there are none; stored when `store` was true. */
  skippedHash: string | null;
  skipped: SkippedPath[];
  /** Whether the path, or a folder above it, could not be read or moved while it was read. */
  isSkipped: (path: Buffer) => boolean;
  /** Today's rules. */
  ignoredMatcher: IgnoredMatcher;
  /** Files and links. */
  files: number;
  bytes: number;
  left_out: LeftOut[];
}

/**
 * Reads the whole folder. `workspace_unavailable` when it cannot be read, `limit_reached` over the
 * rules' limits. What cannot be read inside is in `skipped`.
 */
export function scanWorkspace(store: ObjectStore, options: ScanOptions): Scan {
  const walk = new Walk(store, options);
  const root = walk.run();
  const rules = Buffer.from(JSON.stringify(walk.rules.stored()));
  const skipped = walk.skipped.list();
  const list = skipped.length === 0 ? null : encodeSkipped(skipped);
  options.cache?.save();
  return {
    root,
    tree: new TreeOfScan(root, walk.trees, store),
    rulesHash: options.store ? store.putRecord("rules", rules) : store.hashRecord("rules", rules),
    skippedHash:
      list &&
      (options.store ? store.putRecord("skipped", list) : store.hashRecord("skipped", list)),
    skipped,
    isSkipped: (path) => walk.skipped.covers(path),
    ignoredMatcher: matcherOf(walk.rules),
    files: walk.bounds.files,
    bytes: walk.bounds.bytes,
    left_out: walk.leftOut,
  };
}

/** The rules that were stored with a checkpoint, as the matcher they were. */
export function loadRules(store: ObjectStore, rulesHash: string): IgnoredMatcher {
  const stored = JSON.parse(store.readRecord("rules", rulesHash).toString()) as StoredRules;
  if (stored.version !== 1) {
    throw new ProtocolError(
      "internal",
      "The ignore rules of this checkpoint were written by a newer Cairn. Start that version.",
    );
  }
  return matcherOf(RuleSet.restore(stored));
}

function matcherOf(rules: RuleSet): IgnoredMatcher {
  return (path, isDir) => path.length > 0 && rules.leavesOut(path.toString("latin1"), isDir);
}

class TreeOfScan implements ScannedTree {
  readonly root: string;
  readonly #trees: Map<string, TreeEntry[]>;
  readonly #store: ObjectStore;
  readonly #byName = new Map<string, Map<string, TreeEntry>>();

  constructor(root: string, trees: Map<string, TreeEntry[]>, store: ObjectStore) {
    this.root = root;
    this.#trees = trees;
    this.#store = store;
  }

  lookup(path: Buffer): TreeEntry | undefined {
    let entry: TreeEntry | undefined = {
      name: Buffer.alloc(0),
      kind: "directory",
      mode: 0,
      size: 0,
      hash: this.root,
    };
    for (const name of splitPath(path)) {
      if (entry?.kind !== "directory") return undefined;
      entry = this.#names(entry.hash).get(name.toString("latin1"));
    }
    return entry;
  }

  readTree(hash: string): TreeEntry[] {
    return this.#trees.get(hash) ?? this.#store.readTree(hash);
  }

  #names(hash: string): Map<string, TreeEntry> {
    let names = this.#byName.get(hash);
    if (names === undefined) {
      names = new Map(this.readTree(hash).map((entry) => [entry.name.toString("latin1"), entry]));
      this.#byName.set(hash, names);
    }
    return names;
  }
}
