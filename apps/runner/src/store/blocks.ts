import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** First bytes of a pack: magic, version of the pack format, reserved. */
export const packHeader = Buffer.from("CAIRNPAK\0\0\0\x01\0\0\0\0", "latin1");
export const packRollBytes = 64 * 1024 * 1024;
/** Objects are gathered into a block until it holds so many bytes. */
export const blockBytes = 512 * 1024;

// magic 4, codec 1, reserved 3, objects 4, raw length 4, stored length 4, CRC-32 4
const headerBytes = 24;
const crcOffset = 20;
export const blockMagic = Buffer.from("CBLK");
const directoryBytes = 5;

// On sources, against level 1 of blocks of half the size: a ninth less for a seventh more of its
// time, which is a tenth of a capture. Blocks of a few changed files are small; there the time
// does not count.
const quickLevel = 3;
const thoroughLevel = 5;
const smallBytes = 128 * 1024;

const codecs = { raw: 0, zstd: 1 } as const;

/** Where a block stands. `offset` is that of its header. */
export interface BlockPlace {
  offset: number;
  codec: number;
  count: number;
  raw: number;
  stored: number;
}

/** Kind and length of each object of a block, in order. */
export type Directory = { kind: number; length: number }[];

/** Offset of a block's stored bytes in its pack. */
export function dataOffset(place: BlockPlace): number {
  return place.offset + headerBytes + place.count * directoryBytes;
}

/** Bytes of the whole block in its pack. */
export function blockLength(place: BlockPlace): number {
  return headerBytes + place.count * directoryBytes + place.stored;
}

/** The same in SQL, over a row of `blocks`. */
export const blockLengthSql = `${headerBytes} + count * ${directoryBytes} + stored`;

/**
 * A block as it stands in a pack: header, directory (with which an index can be made anew),
 * compressed bytes. The CRC covers all of it but itself. `thorough`: nobody waits for it.
 */
export function encodeBlock(
  directory: Directory,
  raw: Uint8Array,
  thorough: boolean,
): { head: Buffer; data: Uint8Array; codec: number } {
  const level = thorough || raw.length < smallBytes ? thoroughLevel : quickLevel;
  const packed = zstdCompressSync(raw, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    // In one piece: no pieces that have to be joined.
    chunkSize: Math.max(raw.length + Math.ceil(raw.length / 128) + 512, leastChunk),
  });
  const codec = packed.length < raw.length ? codecs.zstd : codecs.raw;
  const data = codec === codecs.zstd ? packed : raw;
  if (data !== packed) release(packed);
  const head = Buffer.alloc(headerBytes + directory.length * directoryBytes);
  blockMagic.copy(head);
  head[4] = codec;
  head.writeUInt32BE(directory.length, 8);
  head.writeUInt32BE(raw.length, 12);
  head.writeUInt32BE(data.length, 16);
  directory.forEach(({ kind, length }, i) => {
    head[headerBytes + i * directoryBytes] = kind;
    head.writeUInt32BE(length, headerBytes + i * directoryBytes + 1);
  });
  head.writeUInt32BE(crc32(data, crc32(head)), crcOffset);
  return { head, data, codec };
}

const sharedBytes = 128 * 1024;

/**
 * Gives the memory of a buffer that nobody uses any more back at once. Left to the garbage, large
 * ones add up to a hundred megabytes before it is collected.
 */
export function release(buffer: Uint8Array): void {
  const memory = buffer.buffer;
  // Small ones share their memory with others.
  if (memory instanceof ArrayBuffer && memory.byteLength > sharedBytes) memory.transfer(0);
}

/** The least that zlib takes, and the most that a block holds unless its row is damaged. */
const leastChunk = 64;
const mostChunk = 4 * 1024 * 1024;

/** Undoes the codec. Throws unless exactly `raw` bytes come out. */
export function decodeBlock(place: BlockPlace, stored: Buffer): Buffer {
  if (place.codec === codecs.raw) return exact(stored, place.raw);
  if (place.codec !== codecs.zstd) throw new RangeError(`unknown codec ${place.codec}`);
  // In one piece: in pieces of 16 KiB, which is usual, it takes three times as long.
  const chunkSize = Math.min(Math.max(place.raw, leastChunk), mostChunk);
  const maxOutputLength = Math.max(place.raw, 1);
  return exact(zstdDecompressSync(stored, { chunkSize, maxOutputLength }), place.raw);
}

function exact(data: Buffer, length: number): Buffer {
  if (data.length !== length) throw new RangeError("a block has another length than it should");
  return data;
}

/** What the header of a block says of it; undefined where none begins. `bytes` is that or more. */
export function readBlockHead(bytes: Buffer, offset: number): BlockPlace | undefined {
  if (bytes.length < headerBytes || !bytes.subarray(0, blockMagic.length).equals(blockMagic))
    return undefined;
  return {
    offset,
    codec: bytes.readUInt8(4),
    count: bytes.readUInt32BE(8),
    raw: bytes.readUInt32BE(12),
    stored: bytes.readUInt32BE(16),
  };
}

/** Whether a whole block is as it was written. */
export function isSoundBlock(bytes: Buffer): boolean {
  const place = readBlockHead(bytes, 0);
  if (place === undefined || blockLength(place) !== bytes.length) return false;
  const head = Buffer.from(bytes.subarray(0, dataOffset(place)));
  head.writeUInt32BE(0, crcOffset);
  return crc32(bytes.subarray(head.length), crc32(head)) === bytes.readUInt32BE(crcOffset);
}

/** Raw bytes of a whole, sound block. */
export function rawOf(bytes: Buffer): Buffer {
  const place = placeIn(bytes);
  return decodeBlock(place, bytes.subarray(dataOffset(place)));
}

/** What a whole, sound block holds, in order; `offset` and `length` are in its raw bytes. */
export function directoryOf(bytes: Buffer): { kind: number; offset: number; length: number }[] {
  let offset = 0;
  return Array.from({ length: placeIn(bytes).count }, (_, i) => {
    const at = headerBytes + i * directoryBytes;
    const length = bytes.readUInt32BE(at + 1);
    offset += length;
    return { kind: bytes.readUInt8(at), offset: offset - length, length };
  });
}

function placeIn(bytes: Buffer): BlockPlace {
  const place = readBlockHead(bytes, 0);
  if (place === undefined) throw new RangeError("no block begins here");
  return place;
}
