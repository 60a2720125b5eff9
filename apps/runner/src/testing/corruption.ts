import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blockLength, dataOffset } from "../store/blocks.ts";
import type { Store } from "../store/store.ts";

/** Flips one bit of a file. */
export function flipBit(path: string, random: (bound: number) => number): void {
  const bytes = readFileSync(path);
  const at = random(bytes.length);
  bytes[at] = bytes.readUInt8(at) ^ (1 << random(8));
  writeFileSync(path, bytes);
}

export function cutOff(path: string, bytes: number): void {
  truncateSync(path, Math.floor(bytes));
}

/** Flips a bit of a stored object that does not compress, such as noise. */
export function damageObject(store: Store, hash: string): void {
  change(store, hash, (bytes, { start, offset, length }) => {
    const at = start + offset + Math.floor(length / 2);
    bytes[at] = bytes.readUInt8(at) ^ 4;
  });
}

/** Wipes out the block that an object stands in, with all that stands in it. */
export function wipeBlock(store: Store, hash: string): void {
  change(store, hash, (bytes, { start, end }) => bytes.fill(0, start, end));
}

interface Span {
  /** Of the block's stored bytes in the pack. */
  start: number;
  end: number;
  /** Of the object in the block. */
  offset: number;
  length: number;
}

function change(store: Store, hash: string, work: (pack: Buffer, span: Span) => void): void {
  const place = store.index.find(hash);
  if (place === undefined) throw new Error("it is not stored");
  const path = join(store.dir, "packs", place.pack);
  const bytes = readFileSync(path);
  const { block, offset, length } = place;
  const end = block.offset + blockLength(block);
  work(bytes, { start: dataOffset(block), end, offset, length });
  writeFileSync(path, bytes);
}
