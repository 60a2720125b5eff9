import { hash } from "node:crypto";
import { readSync } from "node:fs";
import { chunkBytes, encodeChunks, wholeFileBytes } from "./encoding.ts";
import { hashObject, prefixBytes, prefixes } from "./hashing.ts";
import type { ReadAt } from "./objects.ts";

/** Takes the objects of a content as they are read. `data` is only lent for the call. */
export type Sink = (kind: "blob" | "chunks", hash: string, data: Buffer, size: number) => void;

export interface Content {
  hash: string;
  /** Bytes that were read. */
  size: number;
}

// A file that grows while it is read is followed this far, so that reading always ends.
const growthBytes = chunkBytes;

const smallBytes = 64 * 1024;
let scratch = Buffer.alloc(0);

/** A buffer with the blob prefix in front of where content goes, so that hashing needs no copy. */
function room(bytes: number): Buffer {
  if (scratch.length < prefixBytes + bytes) {
    scratch = Buffer.alloc(prefixBytes + Math.max(bytes, smallBytes));
    prefixes.blob.copy(scratch);
  }
  return scratch;
}

/** Hashes what `fd` holds from its start, giving each object to `sink`. `size` is what stat said. */
export function readContent(
  fd: number,
  size: number,
  sink: Sink | null,
  readAt: ReadAt = readSync,
): Content {
  if (size > wholeFileBytes) {
    const content = readChunks(fd, size, sink, readAt);
    if (content !== undefined) return content;
  }
  return readWhole(fd, size, sink, readAt);
}

function readWhole(fd: number, size: number, sink: Sink | null, readAt: ReadAt): Content {
  // One byte more than expected shows growth without a second read.
  const wanted = Math.min(size, wholeFileBytes) + 1;
  let buffer = room(wanted);
  let read = fill(readAt, fd, buffer, 0, wanted, size);
  if (read === wanted) {
    const limit = Math.min(size + growthBytes, wholeFileBytes + 1);
    const first = buffer;
    buffer = room(limit);
    if (buffer !== first) first.copy(buffer, prefixBytes, prefixBytes, prefixBytes + read);
    read += fill(readAt, fd, buffer, read, limit - read, limit);
  }
  if (read > wholeFileBytes) {
    const chunked = readChunks(fd, Math.max(size, wholeFileBytes), sink, readAt);
    if (chunked !== undefined) return chunked;
    // It keeps shrinking and growing: this much of it is what it is stored as.
    read = wholeFileBytes;
  }
  const hashed = hash("sha256", buffer.subarray(0, prefixBytes + read), "hex");
  sink?.("blob", hashed, buffer.subarray(prefixBytes, prefixBytes + read), read);
  return { hash: hashed, size: read };
}

/** Undefined when the file turns out to be no longer large. */
function readChunks(
  fd: number,
  size: number,
  sink: Sink | null,
  readAt: ReadAt,
): Content | undefined {
  const hashes: string[] = [];
  const buffer = Buffer.allocUnsafe(prefixBytes + chunkBytes);
  prefixes.blob.copy(buffer);
  let total = 0;
  while (total <= size + growthBytes) {
    let read = 0;
    while (read < chunkBytes) {
      const n = readAt(fd, buffer, prefixBytes + read, chunkBytes - read, total + read);
      if (n === 0) break;
      read += n;
    }
    if (read === 0) break;
    const chunk = hash("sha256", buffer.subarray(0, prefixBytes + read), "hex");
    sink?.("blob", chunk, buffer.subarray(prefixBytes, prefixBytes + read), read);
    hashes.push(chunk);
    total += read;
    if (read < chunkBytes) break;
  }
  if (total <= wholeFileBytes) return undefined;
  const list = encodeChunks({ size: total, hashes });
  const hashed = hashObject("chunks", list);
  sink?.("chunks", hashed, list, total);
  return { hash: hashed, size: total };
}

/** Reads from `at` until `length` bytes or the end. A read that reaches `expected` is the end. */
function fill(
  readAt: ReadAt,
  fd: number,
  into: Buffer,
  at: number,
  length: number,
  expected: number,
): number {
  let read = 0;
  while (read < length) {
    const n = readAt(fd, into, prefixBytes + at + read, length - read, at + read);
    read += n;
    if (n === 0 || at + read === expected) break;
  }
  return read;
}

/** The same for bytes in memory. */
export function splitContent(data: Uint8Array, sink: Sink | null): Content {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length <= wholeFileBytes) {
    const hashed = hashObject("blob", bytes);
    sink?.("blob", hashed, bytes, bytes.length);
    return { hash: hashed, size: bytes.length };
  }
  const hashes: string[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = bytes.subarray(at, at + chunkBytes);
    const hashed = hashObject("blob", chunk);
    sink?.("blob", hashed, chunk, chunk.length);
    hashes.push(hashed);
  }
  const list = encodeChunks({ size: bytes.length, hashes });
  const hashed = hashObject("chunks", list);
  sink?.("chunks", hashed, list, bytes.length);
  return { hash: hashed, size: bytes.length };
}
