import { constants } from "node:fs";
import type { BlockPlace } from "./blocks.ts";
import {
  blockLength,
  blockMagic,
  directoryOf,
  isSoundBlock,
  packHeader,
  rawOf,
  readBlockHead,
} from "./blocks.ts";
import { decodeChunks } from "./encoding.ts";
import type { Disk } from "./disk.ts";
import { readAll } from "./disk.ts";
import { hashObject, kindOf, kinds } from "./hashing.ts";
import type { NewObject } from "./block-rows.ts";

/** A block as it stands in a pack, and what its objects hash to. */
export interface PackedBlock {
  place: BlockPlace;
  objects: NewObject[];
  /** In which the objects stand. */
  raw: Buffer;
}

/**
 * The blocks of a pack, without the index. What is damaged is passed over; of a block that only
 * its checksum finds fault with the objects are given all the same, each by what it hashes to now.
 * Reads the whole pack into memory, which is some 64 MiB.
 */
export function* scanPack(disk: Disk, path: string): Generator<PackedBlock, void> {
  const bytes = readWhole(disk, path);
  let at = packHeader.length;
  while (at < bytes.length) {
    const place = readBlockHead(bytes.subarray(at), at);
    const end = place === undefined ? Number.POSITIVE_INFINITY : at + blockLength(place);
    if (place !== undefined && end <= bytes.length) {
      const whole = bytes.subarray(at, end);
      const block = contents(place, whole);
      if (block !== undefined) yield block;
      if (isSoundBlock(whole)) {
        at = end;
        continue;
      }
    }
    // Torn, or flipped: its length is not to be trusted either.
    const next = bytes.indexOf(blockMagic, at + 1);
    if (next === -1) return;
    at = next;
  }
}

function readWhole(disk: Disk, path: string): Buffer {
  const fd = disk.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const bytes = Buffer.allocUnsafe(disk.size(fd));
    return readAll(disk, fd, bytes, 0) ? bytes : Buffer.alloc(0);
  } finally {
    disk.close(fd);
  }
}

/** Undefined where the bytes do not decompress, or make no objects of ours. */
function contents(place: BlockPlace, bytes: Buffer): PackedBlock | undefined {
  try {
    const raw = rawOf(bytes);
    const directory = directoryOf(bytes);
    const last = directory.at(-1);
    if (last === undefined || last.offset + last.length !== raw.length) return undefined;
    const objects = directory.map(({ kind, offset, length }) => {
      const name = kindOf(kind);
      if (name === undefined) throw new RangeError(`unknown kind ${kind}`);
      const data = raw.subarray(offset, offset + length);
      const size = kind === kinds.chunks ? sizeIn(data) : length;
      return { hash: hashObject(name, data), kind, offset, length, size };
    });
    return { place, objects, raw };
  } catch {
    return undefined;
  }
}

/** Of a content that a list of chunks makes up; what is no list is no object that anyone wants. */
function sizeIn(list: Buffer): number {
  try {
    return decodeChunks(list).size;
  } catch {
    return list.length;
  }
}
