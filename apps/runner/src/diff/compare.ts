import type { ChangeKind, FileFacts } from "@cairn/shared/files";
import type { TreeEntry } from "../store/objects.ts";
import { joinPath, splitPath } from "../scan/paths.ts";

/** One path that differs between two trees. */
export interface TreeChange {
  path: Buffer;
  kind: ChangeKind;
  before: TreeEntry | null;
  after: TreeEntry | null;
}

type ReadTree = (hash: string) => TreeEntry[];

/** A tree and how its folders are read: from the store, or from a scan. Null is the empty tree. */
export interface Side {
  root: string | null;
  readTree: ReadTree;
}

/**
 * Paths that differ, each before what is below it. A folder is told of where its mode differs, or
 * it is empty and new or gone; otherwise by what is in it. Equal folders are not read.
 */
export function* compareTrees(from: Side, to: Side): Generator<TreeChange, void> {
  if (from.root === to.root) return;
  yield* compareFolders(
    Buffer.alloc(0),
    from.root,
    to.root,
    (hash) => from.readTree(hash),
    (hash) => to.readTree(hash),
  );
}

function* compareFolders(
  folder: Buffer,
  from: string | null,
  to: string | null,
  readFrom: ReadTree,
  readTo: ReadTree,
): Generator<TreeChange, void> {
  const old = from === null ? [] : readFrom(from);
  const now = to === null ? [] : readTo(to);
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
    yield* compareEntries(joinPath(folder, name), before, after, readFrom, readTo);
  }
}

function* compareEntries(
  path: Buffer,
  before: TreeEntry | null,
  after: TreeEntry | null,
  readFrom: ReadTree,
  readTo: ReadTree,
): Generator<TreeChange, void> {
  const wasFolder = folderOf(before);
  const isFolder = folderOf(after);
  const kind = changeKind(before, after);
  if (isTold(kind, before, after, readFrom, readTo)) yield { path, kind, before, after };
  if (wasFolder !== isFolder) yield* compareFolders(path, wasFolder, isFolder, readFrom, readTo);
}

function isTold(
  kind: ChangeKind,
  before: TreeEntry | null,
  after: TreeEntry | null,
  readFrom: ReadTree,
  readTo: ReadTree,
): boolean {
  const wasFolder = folderOf(before);
  const isFolder = folderOf(after);
  return (
    (wasFolder === null && isFolder === null) ||
    kind === "type" ||
    kind === "mode" ||
    (before === null && isFolder !== null && readTo(isFolder).length === 0) ||
    (after === null && wasFolder !== null && readFrom(wasFolder).length === 0)
  );
}

/** The change that `compareTrees` tells of at one path; only the folders above it are read. */
export function changeAt(from: Side, to: Side, path: Buffer): TreeChange | undefined {
  const before = entryAt(from, path);
  const after = entryAt(to, path);
  if (before === null && after === null) return undefined;
  if (isSame(before, after)) return undefined;
  const kind = changeKind(before, after);
  const told = isTold(
    kind,
    before,
    after,
    (hash) => from.readTree(hash),
    (hash) => to.readTree(hash),
  );
  return told ? { path, kind, before, after } : undefined;
}

function entryAt({ root, readTree }: Side, path: Buffer): TreeEntry | null {
  let folder = root;
  let entry: TreeEntry | null = null;
  for (const name of splitPath(path)) {
    entry = (folder === null ? [] : readTree(folder)).find((e) => e.name.equals(name)) ?? null;
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
