import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { WorkHooks } from "../cancelling.ts";
import type {
  Collected,
  CollectRequest,
  StoreFacts,
  UsageRequest,
  UsedBytes,
  Waiting,
} from "../runner.ts";
import { packRollBytes } from "./blocks.ts";
import { encodeTree } from "./encoding.ts";
import { Claims } from "./claims.ts";
import { Collection } from "./collection.ts";
import type { Disk } from "./disk.ts";
import { realDisk } from "./disk.ts";
import { openError, writeError } from "./errors.ts";
import { contentChecker, storeFacts } from "./facts.ts";
import type { ReadAt, Sink } from "./file-content.ts";
import { readContent, splitContent } from "./file-content.ts";
import { Gate } from "./gate.ts";
import { hashObject, kinds } from "./hashing.ts";
import type { Kind } from "./hashing.ts";
import { Journals } from "./journals.ts";
import type { ObjectStore, RecordKind, TreeEntry } from "./objects.ts";
import { PackReader } from "./pack-reader.ts";
import { PackWriter } from "./pack-writer.ts";
import { Pending } from "./pending.ts";
import { Reading } from "./reading.ts";
import type { Purpose } from "./room.ts";
import { isIndexSound, rebuildIndex } from "./rebuild.ts";
import { Room } from "./room.ts";
import type { Pin } from "./store-index.ts";
import { StoreIndex } from "./store-index.ts";
import { salvage } from "./salvage.ts";
import { usageOf } from "./usage.ts";

export interface StoreOptions {
  /** Bytes that all packs together may take, null for as much as the disk holds. */
  limit?: number | null;
  disk?: Disk;
  /** Bytes after which a pack is full. */
  rollBytes?: number;
}

/**
 * The content-addressed store as one thread uses it: packs of blocks, and an index. Several
 * threads may each have one open on the same folder. What is not committed when it closes is lost.
 */
export class Store implements ObjectStore {
  readonly dir: string;
  readonly journals: Journals;
  readonly index: StoreIndex;
  readonly #disk: Disk;
  readonly #room: Room;
  readonly #gate: Gate;
  readonly #packs: PackReader;
  readonly #writer: PackWriter;
  readonly #pending: Pending;
  readonly #reading: Reading;
  readonly #put: Sink;
  /** Objects that do not read back: as good as absent, and replaced when they are put again. */
  #distrusted: ReadonlySet<string> = new Set();
  #collection: Collection | undefined;

  constructor(
    dir: string,
    { limit = null, disk = realDisk, rollBytes = packRollBytes }: StoreOptions,
  ) {
    this.dir = dir;
    this.#disk = disk;
    const packs = join(dir, "packs");
    mkdirSync(packs, { recursive: true, mode: 0o700 });
    const room = new Room(disk, dir, limit);
    this.#room = room;
    this.index = opened(() => new StoreIndex(join(dir, "index.db"), (work) => room.making(work)));
    try {
      this.#gate = opened(() => new Gate(join(dir, "gate.db")));
      disk.syncFolder(dir);
    } catch (error) {
      this.index.close();
      throw error;
    }
    this.journals = new Journals(this.index);
    this.#packs = new PackReader(disk, packs);
    this.#writer = new PackWriter({ disk, dir: packs, index: this.index, room, rollBytes });
    this.#pending = new Pending(this.#writer);
    this.#reading = new Reading(this.index, this.#packs, this.#pending);
    this.#put = (kind, hash, data, size) => {
      if (!this.has(hash)) this.#appending(() => this.#pending.put(hash, kinds[kind], data, size));
    };
  }

  /**
   * Call once at start, before any thread uses the store: packs of threads that crashed are free
   * again, and room is set aside for restores.
   */
  begin(): void {
    this.index.guarded(() => this.as("restore", () => new Claims(this.index).releaseAll()));
    try {
      this.#room.keep();
    } catch {
      // A disk that is that full has no room to set aside.
    }
  }

  /**
   * Whether it is stored or about to be. What was seen stays until the next `commit` or `discard`:
   * no thread takes it away meanwhile.
   */
  has(hash: string): boolean {
    this.hold();
    if (this.#pending.has(hash)) return true;
    return !this.#distrusted.has(hash) && this.index.guarded(() => this.index.has(hash));
  }

  /** Keeps others from removing objects until the next `commit` or `discard`. */
  hold(): void {
    if (this.#gate.isInside) return;
    this.index.guarded(() => {
      this.#gate.enter();
      this.#distrusted = this.index.distrusted();
    });
  }

  readTree(hash: string): TreeEntry[] {
    return this.#reading.tree(hash);
  }

  readBlob(hash: string): Generator<Uint8Array, void> {
    return this.#reading.blob(hash);
  }

  readRange(hash: string, offset: number, length: number): Buffer {
    return this.#reading.range(hash, offset, length);
  }

  readRecord(kind: RecordKind, hash: string): Buffer {
    return this.#reading.load(hash, [kind]).data;
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

  putEncodedTree(data: Buffer): string {
    return this.#putSmall("tree", data);
  }

  hashEncodedTree(data: Buffer): string {
    return hashObject("tree", data);
  }

  putRecord(kind: RecordKind, data: Uint8Array): string {
    return this.#putSmall(kind, data);
  }

  hashRecord(kind: RecordKind, data: Uint8Array): string {
    return hashObject(kind, data);
  }

  /** After an error nothing that was put since the last commit is kept. */
  commit(pin?: Pin): void {
    this.hold();
    const blocks = this.#appending(() => {
      const blocks = this.#pending.flush();
      // Bytes first: a row that is committed never points at bytes that are not on the disk.
      this.#writer.sync();
      return blocks;
    });
    try {
      this.index.guarded(() =>
        this.index.commit(this.#writer.writer, blocks, pin, {
          distrusted: this.#distrusted,
          check: (held) => this.#room.check(held),
        }),
      );
    } catch (error) {
      // The rows may be on the disk after all: their bytes must stay as they are.
      this.#writer.abandon();
      this.#forget();
      throw writeError(error);
    }
    this.#writer.committed();
    this.#forget();
  }

  /** Drops what was put since the last commit. Call it when a call ends, however it does. */
  discard(): void {
    this.#writer.discard();
    this.#forget();
    this.#packs.rest();
  }

  /** Reads from the disk again, whatever was read before. */
  readAnew(): void {
    this.#packs.forget();
  }

  unpin(pins: string[]): void {
    this.index.guarded(() => this.index.unpin(pins));
  }

  waiting(): Waiting {
    return this.index.guarded(() => ({
      released: this.index.released(),
      pins_lost: this.index.state("pins_lost") !== undefined,
    }));
  }

  /** Pins what an index that was made anew has lost; `all` is whatever is kept. */
  repin(all: Pin[]): number {
    return this.index.guarded(() => {
      const missing = this.index.pinMissing(all);
      this.index.setState("pins_lost", undefined);
      return missing;
    });
  }

  /** Runs work that may use more than a capture: see `Room`. */
  as<T>(purpose: Purpose, work: () => T): T {
    const before = this.#room.purpose;
    this.#room.purpose = purpose;
    if (purpose !== "capture") this.#room.open();
    try {
      return work();
    } finally {
      this.#room.purpose = before;
    }
  }

  /** Checks, without reading it, that a content and its chunks can be there: else `damaged`. */
  contentChecker(): (hash: string) => void {
    return contentChecker({ ...this.#parts(), packs: this.#packs, reading: this.#reading });
  }

  facts(): StoreFacts {
    return this.index.guarded(() => storeFacts({ ...this.#parts(), room: this.#room }));
  }

  /** What each group of pins needs and no other does. */
  usage(request: UsageRequest, hooks: WorkHooks = {}): UsedBytes[] {
    return this.index.guarded(() => usageOf(this.index, this.#reading, request, hooks));
  }

  /** Looks for objects that do not read back in all packs; gives how many it found again. */
  salvage(wanted: ReadonlySet<string>, hooks: WorkHooks = {}): number {
    this.discard();
    try {
      return salvage({ ...this.#parts(), gate: this.#gate }, wanted, hooks);
    } catch (error) {
      throw writeError(error);
    } finally {
      this.#packs.forget();
    }
  }

  /** Goes on with a collection where the last call stopped, or begins one. */
  collect(request: CollectRequest, hooks: WorkHooks = {}): Collected {
    this.discard();
    this.#collection ??= new Collection({
      ...this.#parts(),
      gate: this.#gate,
      packs: this.#packs,
      writer: this.#writer,
      reading: this.#reading,
    });
    try {
      const collected = this.index.guarded(() =>
        this.as("collect", () => this.#collection?.run(request, hooks)),
      );
      if (collected === undefined) throw new Error("no collection");
      if (collected.done) this.#collection = undefined;
      return collected;
    } catch (error) {
      this.#collection = undefined;
      throw writeError(error);
    } finally {
      this.#packs.rest();
    }
  }

  close(): void {
    this.#pending.clear();
    try {
      this.#packs.forget();
      this.index.guarded(() => {
        this.#collection?.stop();
        this.#writer.close();
      });
    } finally {
      this.#gate.close();
      this.index.close();
    }
  }

  #parts(): { index: StoreIndex; disk: Disk; dir: string } {
    return { index: this.index, disk: this.#disk, dir: join(this.dir, "packs") };
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
  #appending<T>(work: () => T): T {
    this.hold();
    try {
      return work();
    } catch (error) {
      // None of it is in the index: it need not take space until somebody collects it.
      this.#writer.discard();
      this.#writer.abandon();
      this.#forget();
      throw writeError(error);
    }
  }

  #forget(): void {
    this.#pending.clear();
    this.#gate.leave();
  }
}

function opened<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw openError(error);
  }
}

/**
 * Call once at start, by the store's only owner and before any thread opens it. An index that is
 * damaged is made anew.
 */
export function prepareStore(dir: string): void {
  mkdirSync(join(dir, "packs"), { recursive: true, mode: 0o700 });
  if (!isIndexSound(dir, realDisk)) rebuildIndex(dir, realDisk);
  const store = openStore(dir);
  try {
    store.begin();
  } finally {
    store.close();
  }
}

/** Opens (and makes, when new) the store in the folder. */
export function openStore(dir: string, options: StoreOptions = {}): Store {
  return new Store(dir, options);
}
