import type { TreeEncoder } from "../store/encoding.ts";
import type { TreeEntry } from "../store/objects.ts";
import { isAscii } from "./places.ts";
import type { Stat } from "./scan-fs.ts";
import { isLink, stampWidth, standsAt } from "./scan-fs.ts";

const hashBytes = 32;

/**
 * Files and links of a folder as a scan found them, sorted by name, in few objects: a hundred
 * thousand of them are looked up at each capture. Never changed once made.
 */
export class FileTable {
  static readonly stampBytes = stampWidth * Float64Array.BYTES_PER_ELEMENT;
  /** Byte strings. */
  readonly names: readonly string[];
  /** Of each: ctime, mtime, size, inode, mode, device. A ctime of NaN is trusted by nobody. */
  readonly stamps: Float64Array;
  readonly hashes: Buffer;
  readonly bytes: number;
  readonly largest: number;
  /** Whether all names are ASCII. */
  readonly areAscii: boolean;

  constructor(names: readonly string[], stamps: Float64Array, hashes: Buffer) {
    if (stamps.length !== names.length * stampWidth || hashes.length !== names.length * hashBytes) {
      throw new RangeError("a table of files is cut off");
    }
    this.names = names;
    this.stamps = stamps;
    this.hashes = hashes;
    let bytes = 0;
    let largest = 0;
    for (let i = 0; i < names.length; i += 1) {
      const size = stamps[i * stampWidth + 2] ?? 0;
      bytes += size;
      if (size > largest && !isLink({ mode: this.modeAt(i) })) largest = size;
    }
    this.bytes = bytes;
    this.largest = largest;
    this.areAscii = names.every(isAscii);
  }

  get length(): number {
    return this.names.length;
  }

  modeAt(i: number): number {
    return this.stamps[i * stampWidth + 4] ?? 0;
  }

  sizeAt(i: number): number {
    return this.stamps[i * stampWidth + 2] ?? 0;
  }

  hashAt(i: number): string {
    return this.hashes.toString("hex", i * hashBytes, (i + 1) * hashBytes);
  }

  /** Whether the file is what it was when it was read. */
  stands(i: number, stat: Stat): boolean {
    return standsAt(this.stamps, i, stat);
  }

  /** How it stands in a tree, but for its hash. */
  #kindAt(i: number): Pick<TreeEntry, "kind" | "mode" | "size"> {
    const mode = this.modeAt(i);
    const size = this.sizeAt(i);
    if (isLink({ mode })) return { kind: "symlink", mode: 0, size };
    return { kind: (mode & 0o100) === 0 ? "file" : "executable", mode: mode & 0o777, size };
  }

  entry(i: number): TreeEntry {
    const name = Buffer.from(this.names[i] ?? "", "latin1");
    return { name, ...this.#kindAt(i), hash: this.hashAt(i) };
  }

  encode(i: number, into: TreeEncoder): void {
    into.start(this.#kindAt(i), this.names[i] ?? "");
    into.endFrom(this.hashes, i * hashBytes);
  }

  /** Whether a tree says the same of a file of this table and of one of the other. */
  isSameEntry(i: number, other: FileTable, j: number): boolean {
    const [a, b] = [this.#kindAt(i), other.#kindAt(j)];
    return (
      this.names[i] === other.names[j] &&
      a.kind === b.kind &&
      a.mode === b.mode &&
      this.isCopy(i, other, j)
    );
  }

  /** Whether a file of this table and one of the other have the same content. */
  isCopy(i: number, other: FileTable, j: number): boolean {
    const [at, start] = [i * hashBytes, j * hashBytes];
    return this.hashes.compare(other.hashes, start, start + hashBytes, at, at + hashBytes) === 0;
  }

  /** The same, but that the file at `i` must be read again. */
  distrusting(i: number): FileTable {
    const stamps = this.stamps.slice();
    stamps[i * stampWidth] = Number.NaN;
    return new FileTable(this.names, stamps, this.hashes);
  }

  /** The same names with other files behind some of them. */
  with(changes: Map<number, TableFile>): FileTable {
    const stamps = this.stamps.slice();
    const hashes = Buffer.from(this.hashes);
    for (const [i, file] of changes) {
      stamps.set(stampOf(file), i * stampWidth);
      hashes.write(file.hash, i * hashBytes, "hex");
    }
    return new FileTable(this.names, stamps, hashes);
  }

  /** Whether a file of this table and one of the other are known alike. */
  equals(i: number, other: FileTable, j: number): boolean {
    for (let k = 0; k < stampWidth; k += 1) {
      // NaN is equal to itself here.
      if (!Object.is(this.stamps[i * stampWidth + k], other.stamps[j * stampWidth + k]))
        return false;
    }
    return this.isCopy(i, other, j);
  }

  /** Index of a name, looked for from `from` on, where those before it are known to be less. */
  find(name: string, from: number): number {
    const { names } = this;
    let at = from;
    while (at < names.length && (names[at] ?? "") < name) at += 1;
    return at;
  }
}

/** What a table keeps of a file or link that was read. */
export interface TableFile {
  stat: Stat;
  /** Bytes that were read. */
  size: number;
  hash: string;
  /** It had stood still, so while its stat stands it need not be read again. */
  trusted: boolean;
}

function stampOf({ stat, size, trusted }: TableFile): number[] {
  const ctime = trusted && size === stat.size ? stat.ctimeMs : Number.NaN;
  return [ctime, stat.mtimeMs, size, stat.ino, stat.mode, stat.dev];
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

  add(name: string, file: TableFile): void {
    this.#names.push(name);
    this.#numbers.push(...stampOf(file));
    this.#hashes.push(file.hash);
  }

  addFrom(table: FileTable, i: number): void {
    this.#names.push(table.names[i] ?? "");
    for (let at = i * stampWidth; at < (i + 1) * stampWidth; at += 1)
      this.#numbers.push(table.stamps[at] ?? 0);
    this.#hashes.push(table.hashAt(i));
  }

  build(): FileTable {
    if (this.#names.length === 0) return noFiles;
    const stamps = Float64Array.from(this.#numbers);
    return new FileTable(this.#names, stamps, Buffer.from(this.#hashes.join(""), "hex"));
  }
}
