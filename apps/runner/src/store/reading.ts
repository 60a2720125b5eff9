import { chunkBytes, decodeChunks, decodeTree } from "./encoding.ts";
import type { ChunkList } from "./encoding.ts";
import { damaged, isDamage, readError } from "./errors.ts";
import { hashObject, kindOf } from "./hashing.ts";
import type { Kind } from "./hashing.ts";
import type { TreeEntry } from "./objects.ts";
import type { PackReader } from "./pack-reader.ts";
import type { Pending } from "./pending.ts";
import type { ObjectPlace, StoreIndex } from "./store-index.ts";

interface Loaded {
  kind: Kind;
  size: number;
  data: Buffer;
}

// Collecting moves objects: a place may be out of date by the time that it is read.
const tries = 5;

/** Reads objects, of the index and of those not committed yet, and verifies each by its hash. */
export class Reading {
  readonly #index: StoreIndex;
  readonly #packs: PackReader;
  readonly #pending: Pending;

  constructor(index: StoreIndex, packs: PackReader, pending: Pending) {
    this.#index = index;
    this.#packs = packs;
    this.#pending = pending;
  }

  tree(hash: string): TreeEntry[] {
    const { data } = this.load(hash, ["tree"]);
    try {
      return decodeTree(data);
    } catch (error) {
      throw damaged(hash, "it is no folder", error);
    }
  }

  encodedTree(hash: string): Buffer {
    return this.load(hash, ["tree"]).data;
  }

  *blob(hash: string): Generator<Uint8Array, void> {
    const loaded = this.load(hash, ["blob", "chunks"]);
    if (loaded.kind === "blob") {
      for (let at = 0; at < loaded.data.length; at += chunkBytes) {
        yield loaded.data.subarray(at, at + chunkBytes);
      }
      return;
    }
    const list = decoded(hash, loaded.data);
    for (let i = 0; i < list.hashes.length; i += 1) yield this.#chunk(hash, list, i);
  }

  range(hash: string, offset: number, length: number): Buffer {
    const loaded = this.load(hash, ["blob", "chunks"]);
    if (loaded.kind === "blob") return loaded.data.subarray(offset, offset + length);
    const list = decoded(hash, loaded.data);
    const end = Math.min(offset + length, list.size);
    const parts: Buffer[] = [];
    for (let i = Math.floor(offset / chunkBytes); i * chunkBytes < end; i += 1) {
      const start = i * chunkBytes;
      const from = Math.max(offset - start, 0);
      parts.push(this.#chunk(hash, list, i).subarray(from, end - start));
    }
    const [only, ...more] = parts;
    return only !== undefined && more.length === 0 ? only : Buffer.concat(parts);
  }

  /** The chunks of a content of more than 4 MiB. */
  chunks(hash: string): ChunkList {
    return decoded(hash, this.load(hash, ["chunks"]).data);
  }

  /** Bytes of an object of one of the kinds; anything else is `damaged`. */
  load(hash: string, expected: Kind[]): Loaded {
    const pending = this.#pending.read(hash, this.#packs);
    if (pending !== undefined) return verified(hash, expected, pending);
    let place = this.#find(hash);
    for (let left = tries; ; left -= 1) {
      try {
        return this.#loadFrom(hash, place, expected);
      } catch (error) {
        const now = this.#find(hash);
        if (left === 0 || isSamePlace(place, now)) throw error;
        place = now;
      }
    }
  }

  #find(hash: string): ObjectPlace {
    const place = this.#index.guarded(() => this.#index.find(hash));
    if (place === undefined) throw damaged(hash, "it is not in the store");
    return place;
  }

  #loadFrom(hash: string, place: ObjectPlace, expected: Kind[]): Loaded {
    let data: Buffer;
    try {
      const raw = this.#packs.read(place.pack, place.block);
      data = raw.subarray(place.offset, place.offset + place.length);
    } catch (error) {
      throw isDamage(error) ? damaged(hash, "its pack cannot be read", error) : readError(error);
    }
    return verified(hash, expected, { kind: place.kind, size: place.size, data });
  }

  #chunk(hash: string, list: ChunkList, i: number): Buffer {
    const chunk = list.hashes[i];
    if (chunk === undefined) throw damaged(hash, "its list of chunks is too short");
    const { data } = this.load(chunk, ["blob"]);
    if (data.length !== Math.min(chunkBytes, list.size - i * chunkBytes)) {
      throw damaged(hash, "a chunk has the wrong length");
    }
    return data;
  }
}

function decoded(hash: string, data: Buffer): ChunkList {
  try {
    return decodeChunks(data);
  } catch (error) {
    throw damaged(hash, "its list of chunks is wrong", error);
  }
}

function isSamePlace(a: ObjectPlace, b: ObjectPlace): boolean {
  return a.pack === b.pack && a.block.offset === b.block.offset && a.offset === b.offset;
}

function verified(
  hash: string,
  expected: Kind[],
  object: { kind: number; size: number; data: Buffer },
): Loaded {
  const kind = kindOf(object.kind);
  if (kind === undefined || !expected.includes(kind)) throw damaged(hash, "it is of another kind");
  if (hashObject(kind, object.data) !== hash) throw damaged(hash, "its bytes have changed");
  return { kind, size: object.size, data: object.data };
}
