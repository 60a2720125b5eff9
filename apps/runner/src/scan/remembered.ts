import type { TreeEntry } from "../store/objects.ts";
import { TreeEncoder, treeEntryBytes } from "../store/encoding.ts";
import { partFiles } from "./ahead-look.ts";
import type { FileTable } from "./file-table.ts";
import { placeOf, placesIn } from "./places.ts";
import type { FolderPatterns, Standing } from "./rules.ts";
import type { ScanFs, Stat } from "./scan-fs.ts";
import { isFolder, isSame } from "./scan-fs.ts";

/** A file that gave patterns, as it was when it was read. */
export interface Source {
  name: ".gitignore" | ".cairnignore";
  /** Null when it could not be read, or moved: it is read again each time. */
  stat: Stat | null;
}

/** A folder as a scan found it, with all that is captured of it. Never changed once made. */
export interface Folder {
  /** Byte string; empty for the root. */
  name: string;
  /** As it was before its names were read. */
  stat: Stat;
  /**
   * Whether its names are known while the stat stands: all of it could be read, and it had stood
   * still before.
   */
  trusted: boolean;
  /** How it stands by the rules, and which rules its names were judged by. */
  standing: Standing;
  key: string;
  patterns: FolderPatterns | undefined;
  sources: Source[];
  /** Digest of all names in it, also of those that are left out. */
  listing: string;
  /** Whether it holds a `.git`. */
  repository: boolean;
  files: FileTable;
  /** Folders that were read, sorted by name. */
  folders: Folder[];
  /** Whether it stands in its parent's tree: an ignored folder does only for what is in it. */
  listed: boolean;
  /** Hash of its tree. */
  hash: string;
}

/** What a look at everything that was remembered found. */
export interface Looked {
  /** Whether the folder, its files and what gave its patterns are as they were. */
  stands(folder: Folder): boolean;
  /** Whether its files from this one on are, up to the next multiple of `partFiles`. */
  partStands(folder: Folder, from: number): boolean;
}

/** The entries of a folder's tree, by name. */
export function entriesOf(folder: Pick<Folder, "files" | "folders">): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let i = 0; i < folder.files.length; i += 1) entries.push(folder.files.entry(i));
  for (const inner of folder.folders) if (inner.listed) entries.push(folderEntry(inner));
  // Both halves are sorted, which the sort makes use of.
  return entries.toSorted((a, b) => Buffer.compare(a.name, b.name));
}

/** The same, encoded. */
export function encodeFolder({ files, folders }: Pick<Folder, "files" | "folders">): Buffer {
  const listed = folders.filter((inner) => inner.listed);
  let bytes = 0;
  for (const name of files.names) bytes += treeEntryBytes(name.length);
  for (const { name } of listed) bytes += treeEntryBytes(name.length);
  const encoder = new TreeEncoder(bytes);
  let at = 0;
  for (const inner of listed) {
    for (; at < files.length && (files.names[at] ?? "") < inner.name; at += 1) {
      files.encode(at, encoder);
    }
    encoder.start({ kind: "directory", mode: inner.stat.mode & 0o777, size: 0 }, inner.name);
    encoder.end(inner.hash);
  }
  for (; at < files.length; at += 1) files.encode(at, encoder);
  return encoder.data;
}

export function folderEntry({ name, stat, hash }: Folder): TreeEntry {
  const mode = stat.mode & 0o777;
  return { name: Buffer.from(name, "latin1"), kind: "directory", mode, size: 0, hash };
}

export function isEmpty({ files, folders }: Pick<Folder, "files" | "folders">): boolean {
  return files.length === 0 && !folders.some(({ listed }) => listed);
}

/** Paths of the captured folders below the root that hold a `.git`: byte strings, by path. */
export function repositoriesIn(root: Folder): string[] {
  const found: string[] = [];
  const names: string[] = [];
  const look = (folder: Folder): void => {
    if (folder.repository && folder.listed && names.length > 0) found.push(names.join("/"));
    for (const inner of folder.folders) {
      names.push(inner.name);
      look(inner);
      names.pop();
    }
  };
  look(root);
  return found;
}

/**
 * The files of a folder (not of those in it) that are no longer as they were, by index; undefined
 * when its names or its patterns may be others. `stat` is the folder's present one. Parts that a
 * look has found standing are not looked at again.
 */
export function changedFiles(
  fs: ScanFs,
  place: string | Buffer,
  folder: Folder,
  stat: Stat,
  looked?: Looked,
): number[] | undefined {
  if (!folder.trusted || !isFolder(stat) || !isSame(folder.stat, stat)) return undefined;
  try {
    for (const { name, stat: seen } of folder.sources) {
      if (seen === null || !isSame(seen, fs.lstat(placeOf(place, name)))) return undefined;
    }
    const changed: number[] = [];
    const { files } = folder;
    const placed = placesIn(place, files.areAscii);
    for (let from = 0; from < files.length; from += partFiles) {
      if (looked?.partStands(folder, from) === true) continue;
      for (let i = from; i < Math.min(from + partFiles, files.length); i += 1) {
        if (!files.stands(i, fs.lstat(placed(files.names[i] ?? "")))) changed.push(i);
      }
    }
    return changed;
  } catch {
    // Gone or out of reach: reading the folder anew tells which.
    return undefined;
  }
}

/** Whether what was made of a folder is what is known of it, but for its hash. */
export function isUnchanged(folder: Omit<Folder, "hash" | "listed">, known: Folder): boolean {
  return (
    folder.name === known.name &&
    folder.trusted === known.trusted &&
    folder.standing === known.standing &&
    folder.key === known.key &&
    folder.repository === known.repository &&
    folder.files === known.files &&
    isSame(folder.stat, known.stat) &&
    folder.folders.length === known.folders.length &&
    folder.folders.every((inner, i) => inner === known.folders[i]) &&
    JSON.stringify([folder.patterns, folder.sources]) ===
      JSON.stringify([known.patterns, known.sources])
  );
}
