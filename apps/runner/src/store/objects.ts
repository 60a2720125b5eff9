import type { FileKind } from "@cairn/shared/files";
import type { Snapshot } from "../runner.ts";

/** One name in a folder, as a tree object stores it. `hash` is hex; `name` is bytes. */
export interface TreeEntry {
  name: Buffer;
  kind: FileKind;
  /** `mode & 0o777`; 0 for links. */
  mode: number;
  /** Bytes of a file, length of a link's target, 0 for folders. */
  size: number;
  hash: string;
}

/** As `readSync`: what tests and cancelled scans break into. */
export type ReadAt = (
  fd: number,
  into: Buffer,
  offset: number,
  length: number,
  position: number,
) => number;

export type RecordKind = "rules" | "skipped";

/**
 * The content-addressed store as scan, restore and diff use it. Synchronous: it is only used
 * inside a worker. Every read verifies the hash; a mismatch or absence is `damaged`.
 */
export interface ObjectStore {
  /** Entries of a folder, sorted by name bytes. */
  readTree(hash: string): TreeEntry[];
  /** The same as it is encoded: not to be written to. */
  readEncodedTree(hash: string): Buffer;
  /** Content of a file or target of a link, in pieces of at most 1 MiB. */
  readBlob(hash: string): Iterable<Uint8Array>;
  /** A range of a file's content, without reading the rest of a chunked file. */
  readRange(hash: string, offset: number, length: number): Buffer;
  has(hash: string): boolean;
  /** Hash of the content that `fd` gives from its start, without storing it. */
  hashFile(fd: number, size: number, readAt?: ReadAt): string;
  /** Stores it (nothing is durable before `commit`). Gives hash and the bytes that were read. */
  putFile(fd: number, size: number, readAt?: ReadAt): { hash: string; size: number };
  putBlob(data: Uint8Array): string;
  hashBlob(data: Uint8Array): string;
  putTree(entries: TreeEntry[]): string;
  hashTree(entries: TreeEntry[]): string;
  /** The same for a folder that `TreeEncoder` encoded. */
  putEncodedTree(data: Buffer): string;
  hashEncodedTree(data: Buffer): string;
  /** A small object that belongs to a checkpoint: its ignore rules, its skipped paths. */
  readRecord(kind: RecordKind, hash: string): Buffer;
  putRecord(kind: RecordKind, data: Uint8Array): string;
  hashRecord(kind: RecordKind, data: Uint8Array): string;
  /** Makes all that was put durable, then pins the snapshot in the same index transaction. */
  commit(pin?: { pin: string; snapshot: Snapshot }): void;
  unpin(pins: string[]): void;
}
