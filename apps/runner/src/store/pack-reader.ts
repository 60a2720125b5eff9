import { constants } from "node:fs";
import { join } from "node:path";
import type { BlockPlace } from "./blocks.ts";
import { blockLength, dataOffset, decodeBlock, release } from "./blocks.ts";
import type { Disk } from "./disk.ts";
import { readAll } from "./disk.ts";

const cachedBytes = 16 * 1024 * 1024;
const largeBytes = 8 * 1024 * 1024;

/** Reads blocks of packs, and keeps the latest ones decompressed. */
export class PackReader {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #blocks = new Map<string, Buffer>();
  #bytes = 0;
  // One only: a pack that is removed keeps its space for as long as somebody has it open.
  #open: { pack: string; fd: number } | undefined;

  constructor(disk: Disk, dir: string) {
    this.#disk = disk;
    this.#dir = dir;
  }

  /** The block's raw bytes. Throws when the pack is gone, too short or does not decompress. */
  read(pack: string, place: BlockPlace): Buffer {
    const key = `${pack}:${place.offset}`;
    const cached = this.#blocks.get(key);
    if (cached !== undefined) {
      // Latest last, so that the first is what goes.
      this.#blocks.delete(key);
      this.#blocks.set(key, cached);
      return cached;
    }
    const stored = this.#bytesAt(pack, dataOffset(place), place.stored);
    const raw = decodeBlock(place, stored);
    if (raw !== stored) release(stored);
    this.#keep(key, raw);
    return raw;
  }

  /** Bytes of a pack, undefined when it cannot be opened. */
  sizeOf(pack: string): number | undefined {
    try {
      return this.#disk.size(this.#fd(pack));
    } catch {
      return undefined;
    }
  }

  /** The block as it stands in the pack: header, directory and stored bytes. */
  readWhole(pack: string, place: BlockPlace): Buffer {
    return this.#bytesAt(pack, place.offset, blockLength(place));
  }

  #bytesAt(pack: string, offset: number, length: number): Buffer {
    const fd = this.#fd(pack);
    // A length that a flipped bit made huge is not to be allocated first.
    if (length > largeBytes && offset + length > this.#disk.size(fd)) throw cutOff(pack);
    const bytes = Buffer.allocUnsafe(length);
    if (!readAll(this.#disk, fd, bytes, offset)) throw cutOff(pack);
    return bytes;
  }

  /** Closes the pack that is open: call when nothing is read for a while. */
  rest(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) this.#disk.close(open.fd);
  }

  /** What was read before is read anew. */
  forget(): void {
    this.forgetBlocks();
    this.rest();
  }

  /** The same, without a call on the disk. */
  forgetBlocks(): void {
    this.#blocks.clear();
    this.#bytes = 0;
  }

  #keep(key: string, raw: Buffer): void {
    this.#blocks.set(key, raw);
    this.#bytes += raw.length;
    for (const [oldest, block] of this.#blocks) {
      if (this.#bytes <= cachedBytes || oldest === key) break;
      this.#blocks.delete(oldest);
      this.#bytes -= block.length;
    }
  }

  #fd(pack: string): number {
    if (this.#open?.pack === pack) return this.#open.fd;
    this.rest();
    const fd = this.#disk.open(join(this.#dir, pack), constants.O_RDONLY | constants.O_NOFOLLOW);
    this.#open = { pack, fd };
    return fd;
  }
}

function cutOff(pack: string): RangeError {
  return new RangeError(`pack ${pack} is cut off`);
}
