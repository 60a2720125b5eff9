import type { ChangeKind, FileFacts } from "@cairn/shared/files";
import type { TreeEntry } from "../store/objects.ts";
import { joinPath, splitPath } from "../scan/paths.ts";
import { isDamaged } from "./damage.ts";
import { differingEntries } from "./differing-entries.ts";

/** One path that differs between two trees. */
export interface TreeChange {
  path: Buffer;
  kind: ChangeKind;
  before: TreeEntry | null;
  after: TreeEntry | null;
  /** A folder that one of the trees has and the store does not give back. */
  damaged?: true;
}

/** A tree and how its folders are read: from the store, or from a scan. Null is the empty tree. */
export interface Side {
  root: string | null;
  readTree: (hash: string) => TreeEntry[];
  /** The same as the store encodes it: quicker where two folders differ in little. */
  readEncodedTree?: (hash: string) => Buffer;
}

interface Comparison {
  from: Side;
  to: Side;
  /** A folder that is damaged is told of, and the rest goes on. */
  contain: boolean;
}

/** Entries of a folder on both sides, less some that are the same. */
type Entries = [old: TreeEntry[], now: TreeEntry[]];

/**
 * Paths that differ, each before what is below it. A folder is told of where its mode differs, or
 * it is empty and new or gone; otherwise by what is in it. Equal folders are not read. A damaged
 * folder fails it, or with `contain` is told of as such, unless it is the root.
 */
export function* compareTrees(
  from: Side,
  to: Side,
  { contain = false } = {},
): Generator<TreeChange, void> {
  if (from.root === to.root) return;
  const comparison = { from, to, contain };
  const entries = readEntries(comparison, from.root, to.root);
  yield* compareFolders(comparison, Buffer.alloc(0), entries);
}

function* compareFolders(
  comparison: Comparison,
  folder: Buffer,
  [old, now]: Entries,
): Generator<TreeChange, void> {
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    const a = old[i];
    const b = now[j];
    const order = a === undefined ? 1 : b === undefined ? -1 : Buffer.compare(a.name, b.name);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
    const before = order <= 0 ? (a ?? null) : null;
    const after = order >= 0 ? (b ?? null) : null;
    const name = before?.name ?? after?.name ?? Buffer.alloc(0);
    if (isSame(before, after)) continue;
    yield* compareEntries(comparison, joinPath(folder, name), before, after);
  }
}

function* compareEntries(
  comparison: Comparison,
  path: Buffer,
  before: TreeEntry | null,
  after: TreeEntry | null,
): Generator<TreeChange, void> {
  const change = { path, kind: changeKind(before, after), before, after };
  const entries = entriesOf(comparison, before, after);
  if (entries === "damaged") {
    yield { ...change, damaged: true };
    return;
  }
  if (isTold(change, entries)) yield change;
  yield* compareFolders(comparison, path, entries);
}

function entriesOf(
  comparison: Comparison,
  before: TreeEntry | null,
  after: TreeEntry | null,
): Entries | "damaged" {
  const wasFolder = folderOf(before);
  const isFolder = folderOf(after);
  if (wasFolder === isFolder) return [[], []];
  try {
    return readEntries(comparison, wasFolder, isFolder);
  } catch (error) {
    if (comparison.contain && isDamaged(error)) return "damaged";
    throw error;
  }
}

function readEntries({ from, to }: Comparison, old: string | null, now: string | null): Entries {
  if (old !== null && now !== null && from.readEncodedTree && to.readEncodedTree) {
    return differingEntries(from.readEncodedTree(old), to.readEncodedTree(now));
  }
  return [old === null ? [] : from.readTree(old), now === null ? [] : to.readTree(now)];
}

function isTold({ kind, before, after }: TreeChange, [old, now]: Entries): boolean {
  return (
    [before, after].every((entry) => folderOf(entry) === null) ||
    kind === "type" ||
    kind === "mode" ||
    (before === null && now.length === 0) ||
    (after === null && old.length === 0)
  );
}

/** The change that `compareTrees` tells of at one path; only the folders above it are read. */
export function changeAt(from: Side, to: Side, path: Buffer): TreeChange | undefined {
  const before = entryAt(from, path);
  const after = entryAt(to, path);
  if (before === null && after === null) return undefined;
  if (isSame(before, after)) return undefined;
  const change = { path, kind: changeKind(before, after), before, after };
  const entries = entriesOf({ from, to, contain: true }, before, after);
  if (entries === "damaged") return { ...change, damaged: true };
  return isTold(change, entries) ? change : undefined;
}

function entryAt(side: Side, path: Buffer): TreeEntry | null {
  let folder = side.root;
  let entry: TreeEntry | null = null;
  for (const name of splitPath(path)) {
    entry = (folder === null ? [] : side.readTree(folder)).find((e) => e.name.equals(name)) ?? null;
    folder = folderOf(entry);
  }
  return entry;
}

/** Whether a file or link differs, and not only a folder around it. */
export function isOfFile({ before, after }: TreeChange): boolean {
  return [before, after].some((entry) => entry !== null && entry.kind !== "directory");
}

function isSame(before: TreeEntry | null, after: TreeEntry | null): boolean {
  return (
    before?.hash === after?.hash && before?.kind === after?.kind && before?.mode === after?.mode
  );
}

function folderOf(entry: TreeEntry | null): string | null {
  return entry?.kind === "directory" ? entry.hash : null;
}

function changeKind(before: TreeEntry | null, after: TreeEntry | null): ChangeKind {
  if (before === null) return "added";
  if (after === null) return "removed";
  if (typeOf(before) !== typeOf(after)) return "type";
  if (before.kind === "directory") return before.mode === after.mode ? "modified" : "mode";
  return before.hash === after.hash ? "mode" : "modified";
}

/** A file stays a file whether it is executable or not. */
export function typeOf(entry: TreeEntry): string {
  return entry.kind === "executable" ? "file" : entry.kind;
}

export function entryFacts(entry: TreeEntry): FileFacts {
  return { kind: entry.kind, mode: entry.mode, size: entry.size, hash: entry.hash };
}
