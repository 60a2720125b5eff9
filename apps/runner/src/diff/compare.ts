import type { ChangeKind, FileFacts } from "@cairn/shared/files";
import type { TreeEntry } from "../store/objects.ts";
import { joinPath } from "../scan/paths.ts";

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
    if (
      before?.hash === after?.hash &&
      before?.kind === after?.kind &&
      before?.mode === after?.mode
    )
      continue;
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
  if (wasFolder === null && isFolder === null) {
    yield { path, kind, before, after };
    return;
  }
  const told =
    kind === "type" ||
    kind === "mode" ||
    (before === null && isFolder !== null && readTo(isFolder).length === 0) ||
    (after === null && wasFolder !== null && readFrom(wasFolder).length === 0);
  if (told) yield { path, kind, before, after };
  if (wasFolder !== isFolder) yield* compareFolders(path, wasFolder, isFolder, readFrom, readTo);
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
function typeOf(entry: TreeEntry): string {
  return entry.kind === "executable" ? "file" : entry.kind;
}

export function entryFacts(entry: TreeEntry): FileFacts {
  return { kind: entry.kind, mode: entry.mode, size: entry.size, hash: entry.hash };
}
