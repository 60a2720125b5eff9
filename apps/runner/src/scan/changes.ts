import type { Side } from "../diff/compare.ts";
import type { TreeEntry } from "../store/objects.ts";
import type { FileTable } from "./file-table.ts";
import { noFiles } from "./file-table.ts";
import type { Folder } from "./remembered.ts";
import { folderEntry } from "./remembered.ts";

/**
 * What a workspace was and what it is, as sides to compare that show of each folder only what
 * differs: a folder of a thousand files in which one was edited is not listed. Hashes of folders
 * are not theirs but tell them apart.
 */
export function differingSides(before: Folder, now: Folder): { from: Side; to: Side } {
  const lists = new Map<string, TreeEntry[]>();
  const readTree = (id: string): TreeEntry[] => lists.get(id) ?? [];
  const enter = (
    old: Folder | undefined,
    now: Folder | undefined,
  ): { old: string; now: string } => {
    const ids = { old: `${lists.size} before`, now: `${lists.size} now` };
    lists.set(ids.old, []);
    lists.set(ids.now, []);
    const entries = differingFiles(old?.files ?? noFiles, now?.files ?? noFiles);
    for (const [was, is] of differingFolders(old?.folders ?? [], now?.folders ?? [])) {
      const inner = enter(was, is);
      if (was?.listed === true) entries.old.push({ ...folderEntry(was), hash: inner.old });
      if (is?.listed === true) entries.now.push({ ...folderEntry(is), hash: inner.now });
    }
    lists.set(ids.old, entries.old.toSorted(byName));
    lists.set(ids.now, entries.now.toSorted(byName));
    return ids;
  };
  const root = enter(before, now);
  return { from: { root: root.old, readTree }, to: { root: root.now, readTree } };
}

function byName(a: TreeEntry, b: TreeEntry): number {
  return Buffer.compare(a.name, b.name);
}

function differingFiles(old: FileTable, now: FileTable): { old: TreeEntry[]; now: TreeEntry[] } {
  const found: { old: TreeEntry[]; now: TreeEntry[] } = { old: [], now: [] };
  if (old === now) return found;
  let at = 0;
  for (let i = 0; i < now.length; i += 1) {
    const name = now.names[i] ?? "";
    for (; at < old.length && (old.names[at] ?? "") < name; at += 1) found.old.push(old.entry(at));
    if (old.names[at] === name) {
      if (!now.isSameEntry(i, old, at)) {
        found.old.push(old.entry(at));
        found.now.push(now.entry(i));
      }
      at += 1;
    } else found.now.push(now.entry(i));
  }
  for (; at < old.length; at += 1) found.old.push(old.entry(at));
  return found;
}

function* differingFolders(
  old: Folder[],
  now: Folder[],
): Generator<[Folder | undefined, Folder | undefined], void> {
  const before = new Map(old.map((folder) => [folder.name, folder]));
  for (const folder of now) {
    const was = before.get(folder.name);
    before.delete(folder.name);
    const isSame =
      was?.hash === folder.hash &&
      was.listed === folder.listed &&
      (was.stat.mode & 0o777) === (folder.stat.mode & 0o777);
    if (!isSame) yield [was, folder];
  }
  for (const gone of before.values()) yield [gone, undefined];
}
