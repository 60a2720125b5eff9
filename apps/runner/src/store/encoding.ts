import type { FileKind } from "@cairn/shared/files";
import type { TreeEntry } from "./objects.ts";

/** Larger files are a list of chunks. */
export const wholeFileBytes = 4 * 1024 * 1024;
export const chunkBytes = 1024 * 1024;

const hashBytes = 32;
const codes: Record<FileKind, number> = { file: 1, executable: 2, symlink: 3, directory: 4 };
const fileKinds: (FileKind | undefined)[] = [
  undefined,
  "file",
  "executable",
  "symlink",
  "directory",
];
// kind 1, mode 2, size 6, length of the name 2
const fixedBytes = 11;

/** A folder's entries, sorted by name bytes; the order of the array is changed. */
export function encodeTree(entries: TreeEntry[]): Buffer {
  entries.sort((a, b) => Buffer.compare(a.name, b.name));
  const bytes = entries.reduce((sum, { name }) => sum + treeEntryBytes(name.length), 0);
  const encoder = new TreeEncoder(bytes);
  for (const entry of entries) {
    encoder.start(entry, entry.name.toString("latin1"));
    encoder.end(entry.hash);
  }
  return encoder.data;
}

export function treeEntryBytes(nameBytes: number): number {
  return fixedBytes + nameBytes + hashBytes;
}

/** Where the entry ends that begins at `at`. Throws where there is none. */
export function treeEntryEnd(tree: Buffer, at: number): number {
  const end = at + treeEntryBytes(tree.readUInt16BE(at + 9));
  if (end > tree.length) throw new RangeError("a tree entry is cut off");
  return end;
}

/** Encodes a folder entry by entry, which come sorted by their names. */
export class TreeEncoder {
  readonly data: Buffer;
  #at = 0;

  constructor(bytes: number) {
    this.data = Buffer.allocUnsafe(bytes);
  }

  /** `name` is a byte string. `end` or `endFrom` follows. */
  start(entry: Pick<TreeEntry, "kind" | "mode" | "size">, name: string): void {
    const { data } = this;
    const at = this.#at;
    data[at] = codes[entry.kind];
    data.writeUInt16BE(entry.mode, at + 1);
    data.writeUIntBE(entry.size, at + 3, 6);
    data.writeUInt16BE(name.length, at + 9);
    data.write(name, at + fixedBytes, "latin1");
    this.#at = at + fixedBytes + name.length;
  }

  end(hash: string): void {
    this.data.write(hash, this.#at, "hex");
    this.#at += hashBytes;
  }

  endFrom(hashes: Buffer, start: number): void {
    hashes.copy(this.data, this.#at, start, start + hashBytes);
    this.#at += hashBytes;
  }
}

/** Throws when the bytes are no tree, which a verified hash rules out but for our own defects. */
export function decodeTree(data: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < data.length) {
    const kind = fileKinds[data.readUInt8(at)];
    if (kind === undefined) throw new RangeError(`unknown kind of tree entry at ${at}`);
    const nameEnd = at + fixedBytes + data.readUInt16BE(at + 9);
    if (nameEnd + hashBytes > data.length) throw new RangeError("a tree entry is cut off");
    entries.push({
      name: data.subarray(at + fixedBytes, nameEnd),
      kind,
      mode: data.readUInt16BE(at + 1),
      size: data.readUIntBE(at + 3, 6),
      hash: data.toString("hex", nameEnd, nameEnd + hashBytes),
    });
    at = nameEnd + hashBytes;
  }
  return entries;
}

/** What an object may hold others in. */
export type Holder = "tree" | "chunks";

/** Calls `visit` with where each hash of a tree stands in it, and what that one is if it holds more. */
export function visitHashes(tree: Buffer, visit: (at: number, holds: Holder | null) => void): void {
  for (let at = 0; at < tree.length;) {
    const isFolder = tree.readUInt8(at) === codes.directory;
    // A file of more than 4 MiB is a list of chunks, whatever else is said of it.
    const isLarge = !isFolder && tree.readUIntBE(at + 3, 6) > wholeFileBytes;
    const hashAt = at + fixedBytes + tree.readUInt16BE(at + 9);
    visit(hashAt, isFolder ? "tree" : isLarge ? "chunks" : null);
    at = hashAt + hashBytes;
  }
}

/** The same as a list: hashes are 32 bytes as latin1 text. */
export function hashesIn(tree: Buffer): { hash: string; holds: Holder | null }[] {
  const hashes: { hash: string; holds: Holder | null }[] = [];
  visitHashes(tree, (at, holds) =>
    hashes.push({ hash: tree.toString("latin1", at, at + hashBytes), holds }),
  );
  return hashes;
}

/** Content of a large file: its size, then the hashes of its chunks of 1 MiB. */
export interface ChunkList {
  size: number;
  hashes: string[];
}

export function encodeChunks(list: ChunkList): Buffer {
  const data = Buffer.allocUnsafe(6 + list.hashes.length * hashBytes);
  data.writeUIntBE(list.size, 0, 6);
  list.hashes.forEach((hash, i) => data.write(hash, 6 + i * hashBytes, "hex"));
  return data;
}

export function decodeChunks(data: Buffer): ChunkList {
  const size = data.readUIntBE(0, 6);
  const hashes: string[] = [];
  for (let at = 6; at < data.length; at += hashBytes) {
    hashes.push(data.toString("hex", at, at + hashBytes));
  }
  if (hashes.length !== Math.ceil(size / chunkBytes)) throw new RangeError("chunks are missing");
  return { size, hashes };
}
