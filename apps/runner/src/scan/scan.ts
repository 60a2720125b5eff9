import { ProtocolError } from "@cairn/shared/errors";
import type { SkippedPath } from "@cairn/shared/files";
import type { WorkHooks } from "../cancelling.ts";
import type { Rules } from "../runner.ts";
import type { ObjectStore, RecordKind, TreeEntry } from "../store/objects.ts";
import type { Side } from "../diff/compare.ts";
import type { Ahead } from "./ahead.ts";
import { differingSides } from "./changes.ts";
import type { OwnFolders } from "./own-folders.ts";
import { splitPath } from "./paths.ts";
import type { Folder } from "./remembered.ts";
import { entriesOf, folderEntry, repositoriesIn } from "./remembered.ts";
import type { StoredRules } from "./rules.ts";
import { RuleSet } from "./rules.ts";
import type { ScanFs } from "./scan-fs.ts";
import { realScanFs } from "./scan-fs.ts";
import { hasMoved, refuseReplaced, TellingDevices } from "./settled.ts";
import { encodeSkipped } from "./skipped.ts";
import type { StatCache } from "./stat-cache.ts";
import { Storing } from "./storing.ts";
import type { WalkOptions } from "./walk.ts";
import { Walk } from "./walk.ts";

const passes = 3;

export interface ScanOptions extends WorkHooks {
  /** Real path. */
  workspace: string;
  rules: Rules;
  /** Keep what is read (durable by `store.commit`), or only hash it. */
  store: boolean;
  cache: StatCache | null;
  /** Looks at what the cache remembers with a second thread. */
  ahead?: Ahead | undefined;
  /** Root that a scan found a moment ago: what it remembers is compared by its folders only. */
  since?: string | undefined;
  /** Milliseconds since 1970 by the clock that the filesystem stamps files with. */
  now?: () => number;
  /** The same, when the scan begins. */
  startedAt?: number;
  fs?: ScanFs;
  /** Never captured, wherever they show. */
  own?: OwnFolders;
}

/** The tree that a scan found. Paths are relative and `/`-separated; the empty path is the root. */
export interface ScannedTree {
  root: string;
  lookup(path: Buffer): TreeEntry | undefined;
  /** Entries of a folder of this scan, or else of the store: a scan that only hashes works too. */
  readTree(hash: string): TreeEntry[];
  /** Sides whose comparison tells what differs from a stored tree; null is the empty tree. */
  since?(tree: string | null): { from: Side; to: Side };
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
  /** Folders below the root that hold a `.git`, by path; paths are byte strings. */
  repositories: string[];
  /** Files and links. */
  files: number;
  bytes: number;
}

/**
 * Reads the whole folder. `workspace_unavailable` when it cannot be read, `limit_reached` over the
 * rules' limits. What cannot be read inside is in `skipped`.
 */
export function scanWorkspace(store: ObjectStore, options: ScanOptions): Scan {
  const { workspace, cache, fs = realScanFs, now = Date.now, startedAt = Date.now() } = options;
  const tellsByTimes = new TellingDevices(fs);
  const known = cache?.root;
  const isRecent = known !== undefined && known.hash === options.since;
  const looked = isRecent ? undefined : options.ahead?.look(options.check);
  const { walk, found } = readSettled(store, known, {
    ...options,
    isRecent,
    fs,
    looked,
    now,
    startedAt,
    tellsByTimes: (device, place) => tellsByTimes.has(device, place),
  });
  const { attempts, reader, rules, bounds } = walk;
  const { skipped } = attempts;
  const { check } = options;
  const storing = new Storing({ store, fs, reader, attempts, ...(check && { check }) });
  const root = options.store ? storing.keep(workspace, found, known) : found;
  attempts.skipReturned(fs, workspace);
  const rulesRecord = Buffer.from(JSON.stringify(rules.stored()));
  const paths = skipped.list();
  const skippedRecord = paths.length === 0 ? null : encodeSkipped(paths);
  cache?.remember(root);
  const record = (kind: RecordKind, data: Buffer): string =>
    options.store ? store.putRecord(kind, data) : store.hashRecord(kind, data);
  return {
    root: root.hash,
    tree: new TreeOfScan(root, known, store),
    rulesHash: record("rules", rulesRecord),
    skippedHash: skippedRecord && record("skipped", skippedRecord),
    skipped: paths,
    isSkipped: (path) => skipped.covers(path),
    ignoredMatcher: matcherOf(rules),
    repositories: repositoriesIn(root),
    files: bounds.files,
    bytes: bounds.bytes,
  };
}

/**
 * Reads until nothing was gone and no folder changed while it was read, or three times: what was
 * moved from a folder that came late into one that came early would be in neither.
 */
function readSettled(
  store: ObjectStore,
  known: Folder | undefined,
  options: Omit<WalkOptions, "again"> & Pick<ScanOptions, "cache"> & { isRecent: boolean },
): { walk: Walk; found: Folder } {
  let before = known;
  for (let left = passes; ; left -= 1) {
    const walk = new Walk(store, {
      ...options,
      again: options.isRecent || left < passes,
      looked: left < passes ? undefined : options.looked,
    });
    let found: Folder;
    try {
      found = walk.run(before);
    } catch (error) {
      if (walk.salvaged !== undefined) options.cache?.salvage(walk.salvaged);
      throw error;
    }
    if (left < passes && before !== undefined)
      refuseReplaced(options.workspace, before.stat, found.stat);
    const isSettled = walk.attempts.gone.size === 0 && !(walk.sawMoves && hasMoved(options, found));
    if (isSettled || left <= 1) return { walk, found };
    before = found;
  }
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
  readonly #folder: Folder;
  /** As it was before, which is what a capture compares with as a rule. */
  readonly #before: Folder | undefined;
  readonly #store: ObjectStore;
  /** What is not as it was, on both sides: more is not looked at, as a rule. */
  #changed: Map<string, Folder> | undefined;
  #all: Map<string, Folder> | undefined;

  constructor(folder: Folder, before: Folder | undefined, store: ObjectStore) {
    this.root = folder.hash;
    this.#folder = folder;
    this.#before = before;
    this.#store = store;
  }

  lookup(path: Buffer): TreeEntry | undefined {
    const names = splitPath(path).map((name) => name.toString("latin1"));
    const last = names.pop();
    if (last === undefined) {
      return { name: Buffer.alloc(0), kind: "directory", mode: 0, size: 0, hash: this.root };
    }
    let folder: Folder | undefined = this.#folder;
    for (const name of names) {
      folder = folder?.folders.find((inner) => inner.name === name && inner.listed);
    }
    const at = folder?.files.find(last, 0);
    if (folder === undefined || at === undefined) return undefined;
    if (folder.files.names[at] === last) return folder.files.entry(at);
    const inner = folder.folders.find(({ name, listed }) => name === last && listed);
    return inner && folderEntry(inner);
  }

  readTree(hash: string): TreeEntry[] {
    this.#changed ??= byHash(this.#folder, this.#before, byHash(this.#before, this.#folder));
    const folder = this.#changed.get(hash) ?? this.#unchanged(hash);
    return folder === undefined ? this.#store.readTree(hash) : entriesOf(folder);
  }

  since(tree: string | null): { from: Side; to: Side } {
    const before = this.#before;
    if (before !== undefined && before.hash === tree) return differingSides(before, this.#folder);
    // Of the parent too the scan knows a part, as a rule: that spares reading it.
    return { from: { root: tree, readTree: (hash) => this.readTree(hash) }, to: this };
  }

  #unchanged(hash: string): Folder | undefined {
    this.#all ??= byHash(this.#folder, undefined);
    return this.#all.get(hash);
  }
}

/** Folders by their hash, but for those that the other is made of too. */
function byHash(
  folder: Folder | undefined,
  other: Folder | undefined,
  into = new Map<string, Folder>(),
): Map<string, Folder> {
  if (folder === undefined || folder === other) return into;
  if (folder.hash !== "") into.set(folder.hash, folder);
  const others = new Map(other?.folders.map((inner) => [inner.name, inner]));
  for (const inner of folder.folders) byHash(inner, others.get(inner.name), into);
  return into;
}
