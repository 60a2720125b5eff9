import type { Directory } from "./blocks.ts";
import { blockBytes } from "./blocks.ts";
import type { KindCode } from "./hashing.ts";
import { kinds } from "./hashing.ts";
import type { PackReader } from "./pack-reader.ts";
import type { PackWriter } from "./pack-writer.ts";
import type { NewBlock, NewObject } from "./block-rows.ts";

interface Gathering {
  buffer: Buffer;
  used: number;
  objects: NewObject[];
}

interface Place {
  object: NewObject;
  /** The block that it went into, or where it is being gathered. */
  in: NewBlock | Gathering;
}

interface PendingOptions {
  writer: PackWriter;
  /** Of what comes to less than a block when it is flushed; without it, the other. */
  few?: PackWriter;
  /** A block holds so many bytes at most, or one object. */
  bytes?: number;
  /** Whether nobody waits for it. */
  thorough?: boolean;
}

/** Objects that were put and not committed yet, gathered into blocks. */
export class Pending {
  readonly #writer: PackWriter;
  readonly #few: PackWriter;
  readonly #bytes: number;
  readonly #thorough: boolean;
  readonly #objects = new Map<string, Place>();
  // Folders and lists apart from contents, so that comparing trees reads few blocks.
  readonly #contents: Gathering;
  readonly #metadata: Gathering;
  #blocks: NewBlock[] = [];

  constructor({ writer, few = writer, bytes = blockBytes, thorough = false }: PendingOptions) {
    this.#writer = writer;
    this.#few = few;
    this.#bytes = bytes;
    this.#thorough = thorough;
    this.#contents = { buffer: Buffer.allocUnsafe(bytes), used: 0, objects: [] };
    this.#metadata = { buffer: Buffer.allocUnsafe(bytes), used: 0, objects: [] };
  }

  has(hash: string): boolean {
    return this.#objects.has(hash);
  }

  put(hash: string, kind: KindCode, data: Buffer, size: number): void {
    const into = kind === kinds.blob ? this.#contents : this.#metadata;
    if (data.length >= this.#bytes) {
      const alone: Gathering = { buffer: data, used: 0, objects: [] };
      this.#add(alone, hash, kind, data.length, size);
      this.#write(alone, this.#writer);
      return;
    }
    if (into.used + data.length > this.#bytes) this.#write(into, this.#writer);
    data.copy(into.buffer, into.used);
    this.#add(into, hash, kind, data.length, size);
  }

  /** Bytes of a pending object, and what is known of it. */
  read(hash: string, packs: PackReader): { kind: number; size: number; data: Buffer } | undefined {
    const place = this.#objects.get(hash);
    if (place === undefined) return undefined;
    const { object, in: from } = place;
    const raw = "pack" in from ? packs.read(from.pack, from.place) : from.buffer;
    const data = Buffer.from(raw.subarray(object.offset, object.offset + object.length));
    return { kind: object.kind, size: object.size, data };
  }

  /** Writes what is gathered. Gives all blocks since the last `clear`, and who wrote them. */
  flush(): { blocks: NewBlock[]; writer: PackWriter } {
    const writer = this.#blocks.length === 0 ? this.#few : this.#writer;
    this.#write(this.#contents, writer);
    this.#write(this.#metadata, writer);
    return { blocks: this.#blocks, writer };
  }

  clear(): void {
    this.#objects.clear();
    this.#blocks = [];
    for (const into of [this.#contents, this.#metadata]) {
      into.used = 0;
      into.objects = [];
    }
  }

  #add(into: Gathering, hash: string, kind: number, length: number, size: number): void {
    const object = { hash, kind, offset: into.used, length, size };
    into.used += length;
    into.objects.push(object);
    this.#objects.set(hash, { object, in: into });
  }

  #write(from: Gathering, writer: PackWriter): void {
    if (from.objects.length === 0) return;
    const directory: Directory = from.objects.map(({ kind, length }) => ({ kind, length }));
    const raw = from.buffer.subarray(0, from.used);
    const { pack, place } = writer.append(directory, raw, this.#thorough);
    const block: NewBlock = { pack, place, objects: from.objects };
    for (const { hash } of from.objects) {
      const known = this.#objects.get(hash);
      if (known !== undefined) known.in = block;
    }
    this.#blocks.push(block);
    from.used = 0;
    from.objects = [];
  }
}
