import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { WorkHooks } from "../cancelling.ts";
import type { Collected, CollectRequest, StoreFacts } from "../runner.ts";
import { chunkBytes, decodeChunks, decodeTree, encodeTree } from "./encoding.ts";
import type { ChunkList } from "./encoding.ts";
import { damaged, guarded, openError, writeError } from "./errors.ts";
import type { ReadAt, Sink } from "./file-content.ts";
import { readContent, splitContent } from "./file-content.ts";
import { hashObject, kindOf, kinds } from "./hashing.ts";
import type { Kind } from "./hashing.ts";
import { Journals } from "./journals.ts";
import type { ObjectStore, RecordKind, TreeEntry } from "./objects.ts";
import { PackReader } from "./pack-reader.ts";
import { PackWriter, syncFolder } from "./pack-writer.ts";
import { Pending } from "./pending.ts";
import type { Pin } from "./store-index.ts";
import { StoreIndex } from "./store-index.ts";

interface Loaded {
  kind: Kind;
  size: number;
  data: Buffer;
}

export interface StoreOptions {
  /** Bytes that all packs together may take, null for as much as the disk holds. */
  limit: number | null;
}

/**
 * The content-addressed store as one thread uses it: packs of blocks, and an index. Several
 * threads may each have one open on the same folder. What is not committed when it closes is lost.
 */
export class Store implements ObjectStore {
  readonly dir: string;
  readonly journals: Journals;
  readonly index: StoreIndex;
  readonly #packs: PackReader;
  readonly #writer: PackWriter;
  readonly #pending: Pending;
  readonly #put: Sink;
  readonly #limit: number | null;

  constructor(dir: string, { limit }: StoreOptions) {
    this.dir = dir;
    this.#limit = limit;
    const packs = join(dir, "packs");
    mkdirSync(packs, { recursive: true, mode: 0o700 });
    this.index = opened(join(dir, "index.db"));
    syncFolder(dir);
    this.journals = new Journals(this.index.database);
    this.#packs = new PackReader(packs);
    this.#writer = new PackWriter(packs, this.index);
    this.#pending = new Pending(this.#writer);
    this.#put = (kind, hash, data, size) => {
      if (!this.has(hash)) this.#appending(() => this.#pending.put(hash, kinds[kind], data, size));
    };
  }

  has(hash: string): boolean {
    return this.#pending.has(hash) || guarded(() => this.index.has(hash));
  }

  readTree(hash: string): TreeEntry[] {
    const { data } = this.#load(hash, ["tree"]);
    try {
      return decodeTree(data);
    } catch (error) {
      throw damaged(hash, "it is no folder", error);
    }
  }

  *readBlob(hash: string): Generator<Uint8Array, void> {
    const loaded = this.#load(hash, ["blob", "chunks"]);
    if (loaded.kind === "blob") {
      for (let at = 0; at < loaded.data.length; at += chunkBytes) {
        yield loaded.data.subarray(at, at + chunkBytes);
      }
      return;
    }
    const list = this.#chunks(hash, loaded.data);
    for (let i = 0; i < list.hashes.length; i += 1) yield this.#chunk(hash, list, i);
  }

  readRange(hash: string, offset: number, length: number): Buffer {
    const loaded = this.#load(hash, ["blob", "chunks"]);
    if (loaded.kind === "blob") return loaded.data.subarray(offset, offset + length);
    const list = this.#chunks(hash, loaded.data);
    const end = Math.min(offset + length, list.size);
    const parts: Buffer[] = [];
    for (let i = Math.floor(offset / chunkBytes); i * chunkBytes < end; i += 1) {
      const start = i * chunkBytes;
      const from = Math.max(offset - start, 0);
      parts.push(this.#chunk(hash, list, i).subarray(from, end - start));
    }
    return Buffer.concat(parts);
  }

  readRecord(kind: RecordKind, hash: string): Buffer {
    return this.#load(hash, [kind]).data;
  }

  hashFile(fd: number, size: number, readAt?: ReadAt): string {
    return readContent(fd, size, null, readAt).hash;
  }

  putFile(fd: number, size: number, readAt?: ReadAt): { hash: string; size: number } {
    return readContent(fd, size, this.#put, readAt);
  }

  putBlob(data: Uint8Array): string {
    return splitContent(data, this.#put).hash;
  }

  hashBlob(data: Uint8Array): string {
    return splitContent(data, null).hash;
  }

  putTree(entries: TreeEntry[]): string {
    return this.#putSmall("tree", encodeTree([...entries]));
  }

  hashTree(entries: TreeEntry[]): string {
    return hashObject("tree", encodeTree([...entries]));
  }

  putRecord(kind: RecordKind, data: Uint8Array): string {
    return this.#putSmall(kind, data);
  }

  hashRecord(kind: RecordKind, data: Uint8Array): string {
    return hashObject(kind, data);
  }

  /** After an error nothing that was put since the last commit is kept. */
  commit(pin?: Pin): void {
    this.#appending(() => {
      const blocks = this.#pending.flush();
      // Bytes first: a row that is committed never points at bytes that are not on the disk.
      this.#writer.sync();
      this.index.commit(this.#writer.writer, blocks, pin);
    });
    this.#pending.clear();
  }

  unpin(pins: string[]): void {
    guarded(() => this.index.unpin(pins));
  }

  /** Whether a content and its chunks are in the index, without reading them: else `damaged`. */
  checkContent(hash: string): void {
    const place = guarded(() => this.index.find(hash));
    if (place === undefined) throw damaged(hash, "it is not in the store");
    if (kindOf(place.kind) !== "chunks") return;
    for (const chunk of this.#chunks(hash, this.#load(hash, ["chunks"]).data).hashes) {
      if (!this.has(chunk)) throw damaged(hash, "a part of it is not in the store");
    }
  }

  facts(): StoreFacts {
    return guarded(() => {
      const packs = join(this.dir, "packs");
      let storedBytes = 0;
      for (const name of readdirSync(packs)) storedBytes += statSync(join(packs, name)).size;
      const database = this.index.database;
      const objects = database.prepare("SELECT count(*) AS n FROM objects").get();
      const raw = database.prepare("SELECT coalesce(sum(raw), 0) AS n FROM blocks").get();
      return {
        objects: Number(objects?.["n"]),
        stored_bytes: storedBytes,
        raw_bytes: Number(raw?.["n"]),
        dead_bytes: 0,
        packs: readdirSync(packs).length,
        limit_bytes: this.#limit,
        reserved_bytes: 0,
      };
    });
  }

  collect(_request: CollectRequest, _hooks: WorkHooks): Collected {
    return {
      freed_bytes: 0,
      removed_objects: 0,
      rewritten_packs: 0,
      removed_packs: 0,
      done: true,
    };
  }

  close(): void {
    this.#pending.clear();
    this.#packs.close();
    try {
      guarded(() => this.#writer.close());
    } finally {
      this.index.close();
    }
  }

  #putSmall(kind: Kind, data: Uint8Array): string {
    const hash = hashObject(kind, data);
    if (!this.has(hash)) {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      this.#appending(() => this.#pending.put(hash, kinds[kind], bytes, bytes.length));
    }
    return hash;
  }

  /** A pack whose write or sync failed is never appended to again: its state is not known. */
  #appending(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#pending.clear();
      this.#writer.abandon();
      throw writeError(error);
    }
  }

  #chunks(hash: string, data: Buffer): ChunkList {
    try {
      return decodeChunks(data);
    } catch (error) {
      throw damaged(hash, "its list of chunks is wrong", error);
    }
  }

  #chunk(hash: string, list: ChunkList, i: number): Buffer {
    const chunk = list.hashes[i];
    if (chunk === undefined) throw damaged(hash, "its list of chunks is too short");
    const { data } = this.#load(chunk, ["blob"]);
    if (data.length !== Math.min(chunkBytes, list.size - i * chunkBytes)) {
      throw damaged(hash, "a chunk has the wrong length");
    }
    return data;
  }

  #load(hash: string, expected: Kind[]): Loaded {
    const pending = this.#pending.read(hash, this.#packs);
    if (pending !== undefined) return verified(hash, expected, pending);
    const place = guarded(() => this.index.find(hash));
    if (place === undefined) throw damaged(hash, "it is not in the store");
    let data: Buffer;
    try {
      const raw = this.#packs.read(place.pack, place.block);
      data = raw.subarray(place.offset, place.offset + place.length);
    } catch (error) {
      throw damaged(hash, "its pack cannot be read", error);
    }
    return verified(hash, expected, { kind: place.kind, size: place.size, data });
  }
}

function opened(path: string): StoreIndex {
  try {
    return new StoreIndex(path);
  } catch (error) {
    throw openError(error);
  }
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

/** Opens (and makes, when new) the store in the folder. */
export function openStore(dir: string, options: StoreOptions = { limit: null }): Store {
  return new Store(dir, options);
}
