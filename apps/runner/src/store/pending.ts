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

/** Objects that were put and not committed yet, gathered into blocks. */
export class Pending {
  readonly #writer: PackWriter;
  readonly #objects = new Map<string, Place>();
  // Folders and lists apart from contents, so that comparing trees reads few blocks.
  readonly #contents: Gathering = gathering();
  readonly #metadata: Gathering = gathering();
  #blocks: NewBlock[] = [];

  constructor(writer: PackWriter) {
    this.#writer = writer;
  }

  has(hash: string): boolean {
    return this.#objects.has(hash);
  }

  put(hash: string, kind: KindCode, data: Buffer, size: number): void {
    const into = kind === kinds.blob ? this.#contents : this.#metadata;
    if (data.length >= blockBytes) {
      const alone: Gathering = { buffer: data, used: 0, objects: [] };
      this.#add(alone, hash, kind, data.length, size);
      this.#write(alone);
      return;
    }
    if (into.used + data.length > blockBytes) this.#write(into);
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

  /** Writes what is gathered, and gives all blocks since the last `clear`. */
  flush(): NewBlock[] {
    this.#write(this.#contents);
    this.#write(this.#metadata);
    return this.#blocks;
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

  #write(from: Gathering): void {
    if (from.objects.length === 0) return;
    const directory: Directory = from.objects.map(({ kind, length }) => ({ kind, length }));
    const { pack, place } = this.#writer.append(directory, from.buffer.subarray(0, from.used));
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

function gathering(): Gathering {
  return { buffer: Buffer.allocUnsafe(blockBytes), used: 0, objects: [] };
}
