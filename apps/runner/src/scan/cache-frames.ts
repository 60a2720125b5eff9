import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { header } from "./stat-records.ts";

// Length of what follows but for the sum, its CRC-32, compressed records.
const fixedBytes = 8;
const level = 1;

/** Records as they are appended to the file: a third of their size, but for the hashes. */
export function encodeFrame(records: Buffer): Buffer {
  const packed = zstdCompressSync(records, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
  });
  const fixed = Buffer.alloc(fixedBytes);
  fixed.writeUInt32LE(packed.length, 0);
  fixed.writeUInt32LE(crc32(packed), 4);
  return Buffer.concat([fixed, packed]);
}

/** Header and records of a file. Throws when the bytes are not what was written, all of it. */
export function decodeFrames(data: Buffer): Buffer {
  if (!data.subarray(0, header.length).equals(header)) throw new RangeError("not a cache");
  const parts: Buffer[] = [header];
  for (let at = header.length; at < data.length;) {
    const length = data.readUInt32LE(at);
    const packed = data.subarray(at + fixedBytes, at + fixedBytes + length);
    // One that a crash cut off is found here too.
    if (packed.length !== length || data.readUInt32LE(at + 4) !== crc32(packed)) {
      throw new RangeError("a frame is torn");
    }
    parts.push(zstdDecompressSync(packed));
    at += fixedBytes + length;
  }
  return Buffer.concat(parts);
}
