import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { BlockPlace } from "./blocks.ts";
import { dataOffset, decodeBlock } from "./blocks.ts";

const maxOpenPacks = 64;
const cachedBytes = 16 * 1024 * 1024;

/** Reads blocks of packs, and keeps the latest ones decompressed. */
export class PackReader {
  readonly #dir: string;
  readonly #open = new Map<string, number>();
  readonly #blocks = new Map<string, Buffer>();
  #bytes = 0;

  constructor(dir: string) {
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
    const stored = Buffer.allocUnsafe(place.stored);
    const read = readSync(this.#fd(pack), stored, 0, place.stored, dataOffset(place));
    if (read !== place.stored) throw new RangeError(`pack ${pack} is cut off`);
    const raw = decodeBlock(place, stored);
    this.#keep(key, raw);
    return raw;
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
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
    const known = this.#open.get(pack);
    if (known !== undefined) return known;
    for (const [oldest, fd] of this.#open) {
      if (this.#open.size < maxOpenPacks) break;
      closeSync(fd);
      this.#open.delete(oldest);
    }
    const fd = openSync(join(this.#dir, pack), "r");
    this.#open.set(pack, fd);
    return fd;
  }
}
