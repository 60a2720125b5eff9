import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { WorkHooks } from "../cancelling.ts";
import type { Collected, CollectRequest, StoreFacts } from "../runner.ts";
import { packRollBytes } from "./blocks.ts";
import { Care } from "./care.ts";
import { encodeTree } from "./encoding.ts";
import { distrustedIn } from "./distrust.ts";
import type { Disk } from "./disk.ts";
import { realDisk } from "./disk.ts";
import { isUncommitted, openError, writeError } from "./errors.ts";
import type { Sink } from "./file-content.ts";
import { readContent, splitContent } from "./file-content.ts";
import { Gate } from "./gate.ts";
import { hashObject, kinds } from "./hashing.ts";
import type { Kind } from "./hashing.ts";
import { Joining } from "./joining.ts";
import { Journals } from "./journals.ts";
import type { ObjectStore, ReadAt, RecordKind, TreeEntry } from "./objects.ts";
import { PackReader } from "./pack-reader.ts";
import { PackWriter } from "./pack-writer.ts";
import { Pending } from "./pending.ts";
import { Reading } from "./reading.ts";
import type { Purpose } from "./room.ts";
import { Room } from "./room.ts";
import type { Pin } from "./pins.ts";
import { unpinSnapshots } from "./pins.ts";
import { StoreIndex } from "./store-index.ts";

export interface StoreOptions {
  /** Bytes that all packs together may take, null for as much as the disk holds. */
  limit?: number | null;
  disk?: Disk;
  /** Bytes after which a pack is full. */
  rollBytes?: number;
  /** Bytes of small commits that `tidy` joins. */
  joinBytes?: number;
}

/**
 * The content-addressed store as one thread uses it: packs of blocks, and an index. Several
 * threads may each have one open on the same folder. What is not committed when it closes is lost.
 */
export class Store implements ObjectStore {
  readonly dir: string;
  readonly journals: Journals;
  readonly index: StoreIndex;
  readonly care: Care;
  readonly #room: Room;
  readonly #gate: Gate;
  readonly #packs: PackReader;
  readonly #writer: PackWriter;
  readonly #young: PackWriter;
  readonly #joining: Joining;
  readonly #pending: Pending;
  readonly #reading: Reading;
  readonly #put: Sink;
  /** Objects that do not read back: as good as absent, and replaced when they are put again. */
  #distrusted: ReadonlySet<string> = new Set();

  constructor(
    dir: string,
    { limit = null, disk = realDisk, rollBytes = packRollBytes, joinBytes }: StoreOptions,
  ) {
    this.dir = dir;
    const packs = join(dir, "packs");
    mkdirSync(packs, { recursive: true, mode: 0o700 });
    const room = new Room(disk, dir, limit);
    this.#room = room;
    this.index = new StoreIndex(join(dir, "index.db"), (work) => room.making(work));
    try {
      this.#gate = new Gate(join(dir, "gate.db"));
      disk.syncFolder(dir);
    } catch (error) {
      this.index.close();
      throw openError(error);
    }
    this.journals = new Journals(this.index);
    this.#packs = new PackReader(disk, packs);
    const parts = { disk, dir: packs, index: this.index, room, rollBytes };
    this.#writer = new PackWriter({ ...parts, young: false });
    this.#young = new PackWriter({ ...parts, young: true });
    this.#pending = new Pending({ writer: this.#writer, few: this.#young });
    this.#reading = new Reading(this.index, this.#packs, this.#pending);
    const [gate, reader, writer] = [this.#gate, this.#packs, this.#writer];
    const used = { index: this.index, disk, room, gate, packs: reader, writer };
    this.care = new Care({ ...used, dir, reading: this.#reading });
    this.#joining = new Joining({ ...used, dir: packs, young: this.#young, enough: joinBytes });
    this.#put = (kind, hash, data, size) => {
      if (!this.has(hash)) this.#appending(() => this.#pending.put(hash, kinds[kind], data, size));
    };
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
      this.#distrusted = distrustedIn(this.index);
    });
  }

  readTree(hash: string): TreeEntry[] {
    return this.#reading.tree(hash);
  }

  readEncodedTree(hash: string): Buffer {
    return this.#reading.encodedTree(hash);
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
    const { blocks, writer } = this.#appending(() => {
      const flushed = this.#pending.flush();
      // Bytes first: a row that is committed never points at bytes that are not on the disk.
      flushed.writer.sync();
      return flushed;
    });
    let refused = false;
    try {
      this.index.commit(writer.writer, blocks, pin, {
        distrusted: this.#distrusted,
        check: (held) => {
          refused = true;
          this.#room.check(held);
          refused = false;
        },
      });
    } catch (error) {
      // Where a sync failed the rows may be on the disk after all: their bytes must stay then.
      if (refused || isUncommitted(error)) this.#takeBack(writer);
      writer.abandon();
      this.#forget();
      throw writeError(this.index.known(error));
    }
    writer.committed();
    this.#forget();
  }

  /** Call once nobody waits for an answer: what many small commits have added is joined. */
  tidy(): void {
    this.discard();
    this.#joining.run();
    this.index.tidy();
  }

  /** Drops what was put since the last commit. Call it when a call ends, however it does. */
  discard(): void {
    for (const writer of [this.#writer, this.#young]) this.#takeBack(writer);
    this.#forget();
    this.#packs.rest();
  }

  /** Reads from the disk again, whatever was read before. */
  readAnew(): void {
    this.#packs.forget();
  }

  unpin(pins: string[]): void {
    this.index.guarded(() => unpinSnapshots(this.index, pins));
  }

  /** Runs work that may use more than a capture: see `Room`. */
  as<T>(purpose: Purpose, work: () => T): T {
    return this.#room.as(purpose, work);
  }

  facts(): StoreFacts {
    return this.care.facts();
  }

  /** Goes on with a collection where the last call stopped, or begins one. */
  collect(request: CollectRequest, hooks: WorkHooks = {}): Collected {
    this.discard();
    return this.care.collect(request, hooks);
  }

  close(): void {
    this.#pending.clear();
    try {
      this.#packs.forget();
      this.index.guarded(() => {
        this.care.stop();
        for (const writer of [this.#writer, this.#young]) writer.close();
      });
    } finally {
      this.#gate.close();
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
  #appending<T>(work: () => T): T {
    this.hold();
    try {
      return work();
    } catch (error) {
      // None of it is in the index: it need not take space until somebody collects it.
      for (const writer of [this.#writer, this.#young]) {
        this.#takeBack(writer);
        writer.abandon();
      }
      this.#forget();
      throw writeError(error);
    }
  }

  /** Other blocks may stand there next: what was read of these must not pass for those. */
  #takeBack(writer: PackWriter): void {
    if (writer.discard()) this.#packs.forgetBlocks();
  }

  #forget(): void {
    this.#pending.clear();
    this.#gate.leave();
  }
}

/** Opens (and makes, when new) the store in the folder. */
export function openStore(dir: string, options: StoreOptions = {}): Store {
  return new Store(dir, options);
}
