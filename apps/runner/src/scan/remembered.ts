import { isUtf8 } from "node:buffer";
import type { TreeEntry } from "../store/objects.ts";
import type { FolderPatterns, Standing } from "./rules.ts";
import { fromByteString } from "./rules.ts";
import type { ScanFs, Stat } from "./scan-fs.ts";
import { isFolder, isLink, isSame } from "./scan-fs.ts";

const width = 6;
const hashBytes = 32;

/**
 * Files and links of a folder as a scan found them, sorted by name, in few objects: a hundred
 * thousand of them are looked up at each capture. Never changed once made.
 */
export class FileTable {
  static readonly stampBytes = width * Float64Array.BYTES_PER_ELEMENT;
  /** Byte strings. */
  readonly names: readonly string[];
  /** Of each: ctime, mtime, size, inode, mode, device. A ctime of NaN is trusted by nobody. */
  readonly stamps: Float64Array;
  readonly hashes: Buffer;
  readonly bytes: number;
  readonly largest: number;

  constructor(names: readonly string[], stamps: Float64Array, hashes: Buffer) {
    if (stamps.length !== names.length * width || hashes.length !== names.length * hashBytes) {
      throw new RangeError("a table of files is cut off");
    }
    this.names = names;
    this.stamps = stamps;
    this.hashes = hashes;
    let bytes = 0;
    let largest = 0;
    for (let i = 0; i < names.length; i += 1) {
      const size = stamps[i * width + 2] ?? 0;
      bytes += size;
      if (size > largest && !isLink({ mode: this.modeAt(i) })) largest = size;
    }
    this.bytes = bytes;
    this.largest = largest;
  }

  get length(): number {
    return this.names.length;
  }

  modeAt(i: number): number {
    return this.stamps[i * width + 4] ?? 0;
  }

  sizeAt(i: number): number {
    return this.stamps[i * width + 2] ?? 0;
  }

  hashAt(i: number): string {
    return this.hashes.toString("hex", i * hashBytes, (i + 1) * hashBytes);
  }

  /** Whether the file is what it was when it was read. */
  stands(i: number, stat: Stat): boolean {
    const { stamps } = this;
    const at = i * width;
    return (
      stamps[at] === stat.ctimeMs &&
      stamps[at + 1] === stat.mtimeMs &&
      stamps[at + 2] === stat.size &&
      stamps[at + 3] === stat.ino &&
      stamps[at + 4] === stat.mode &&
      stamps[at + 5] === stat.dev
    );
  }

  entry(i: number): TreeEntry {
    const name = Buffer.from(this.names[i] ?? "", "latin1");
    const mode = this.modeAt(i);
    const [size, hash] = [this.sizeAt(i), this.hashAt(i)];
    if (isLink({ mode })) return { name, kind: "symlink", mode: 0, size, hash };
    const kind = (mode & 0o100) === 0 ? "file" : "executable";
    return { name, kind, mode: mode & 0o777, size, hash };
  }

  /** Whether a file of this table and one of the other are known alike. */
  equals(i: number, other: FileTable, j: number): boolean {
    for (let k = 0; k < width; k += 1) {
      // NaN is equal to itself here.
      if (!Object.is(this.stamps[i * width + k], other.stamps[j * width + k])) return false;
    }
    return this.hashAt(i) === other.hashAt(j);
  }

  /** Index of a name, looked for from `from` on, where those before it are known to be less. */
  find(name: string, from: number): number {
    const { names } = this;
    let at = from;
    while (at < names.length && (names[at] ?? "") < name) at += 1;
    return at;
  }
}

export const noFiles = new FileTable([], new Float64Array(0), Buffer.alloc(0));

/** Gathers a table; names come in their order. */
export class FileTableBuilder {
  readonly #names: string[] = [];
  readonly #numbers: number[] = [];
  readonly #hashes: string[] = [];

  get length(): number {
    return this.#names.length;
  }

  /** The name that was added last. */
  get last(): string | undefined {
    return this.#names.at(-1);
  }

  /** `trusted`: the cache may spare reading it while the stat stands. */
  add(name: string, stat: Stat, size: number, hash: string, trusted: boolean): void {
    this.#names.push(name);
    const ctime = trusted && size === stat.size ? stat.ctimeMs : Number.NaN;
    this.#numbers.push(ctime, stat.mtimeMs, size, stat.ino, stat.mode, stat.dev);
    this.#hashes.push(hash);
  }

  addFrom(table: FileTable, i: number): void {
    this.#names.push(table.names[i] ?? "");
    for (let at = i * width; at < (i + 1) * width; at += 1)
      this.#numbers.push(table.stamps[at] ?? 0);
    this.#hashes.push(table.hashAt(i));
  }

  build(): FileTable {
    if (this.#names.length === 0) return noFiles;
    const stamps = Float64Array.from(this.#numbers);
    return new FileTable(this.#names, stamps, Buffer.from(this.#hashes.join(""), "hex"));
  }
}

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

/** The entries of a folder's tree, by name. */
export function entriesOf(folder: Pick<Folder, "files" | "folders">): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let i = 0; i < folder.files.length; i += 1) entries.push(folder.files.entry(i));
  for (const inner of folder.folders) if (inner.listed) entries.push(folderEntry(inner));
  // Both halves are sorted, which the sort makes use of.
  return entries.toSorted((a, b) => Buffer.compare(a.name, b.name));
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
  const look = (folder: Folder, path: string): void => {
    if (folder.repository && folder.listed && path !== "") found.push(path);
    for (const inner of folder.folders) look(inner, pathOf(path, inner.name));
  };
  look(root, "");
  return found;
}

/** Relative path of a name in a folder; byte strings. */
export function pathOf(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

// oxlint-disable-next-line no-control-regex -- the range is what ASCII is
const ascii = /^[\x00-\x7f]*$/;

/** Where a name stands on the disk. Text where it can be: that is what Node is quick with. */
export function placeOf(folder: string | Buffer, name: string): string | Buffer {
  if (typeof folder === "string") {
    if (ascii.test(name)) return `${folder}/${name}`;
    if (isUtf8(Buffer.from(name, "latin1"))) return `${folder}/${fromByteString(name)}`;
  }
  return Buffer.concat([Buffer.from(folder), Buffer.from("/"), Buffer.from(name, "latin1")]);
}

/**
 * Whether a folder itself (not those in it), its files and what gave its patterns are as they
 * were. `stat` is the folder's present one.
 */
export function stands(fs: ScanFs, place: string | Buffer, folder: Folder, stat: Stat): boolean {
  if (!folder.trusted || !isFolder(stat) || !isSame(folder.stat, stat)) return false;
  try {
    for (const { name, stat: seen } of folder.sources) {
      if (seen === null || !isSame(seen, fs.lstat(placeOf(place, name)))) return false;
    }
    const { files } = folder;
    for (let i = 0; i < files.length; i += 1) {
      if (!files.stands(i, fs.lstat(placeOf(place, files.names[i] ?? "")))) return false;
    }
    return true;
  } catch {
    // Gone or out of reach: reading the folder anew tells which.
    return false;
  }
}
