import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { BlockPlace } from "./blocks.ts";
import { blockLength } from "./blocks.ts";

export interface NewObject {
  hash: string;
  kind: number;
  offset: number;
  length: number;
  size: number;
}

export interface NewBlock {
  pack: string;
  place: BlockPlace;
  objects: NewObject[];
}

interface Added {
  key: Buffer;
  block: number | bigint;
  object: NewObject;
}

/** The rows of blocks, and of the objects in them. Every method is called inside a transaction. */
export class BlockRows {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Adds blocks, and those of their objects that are not known, or not trusted where they are. */
  add(writer: string, blocks: NewBlock[], distrusted: ReadonlySet<string>): void {
    const added = this.#addBlocks(writer, blocks);
    if (distrusted.size > 0) {
      this.forget(added.map(({ object }) => object.hash).filter((hash) => distrusted.has(hash)));
    }
    // In key order the B-tree fills page by page.
    added.sort((a, b) => Buffer.compare(a.key, b.key));
    // Another thread may have stored the same content meanwhile: the first one stays.
    const addObject = this.#database.prepare(
      "INSERT OR IGNORE INTO objects VALUES (?, ?, ?, ?, ?, ?)",
    );
    const unused = this.#unused();
    for (const { key, block, object } of added) {
      const { kind, offset, length, size } = object;
      const { changes } = addObject.run(key, kind, block, offset, length, size);
      if (changes === 0) unused.run(length, block);
    }
  }

  /** Points objects that stand in one of the blocks to copies of them. */
  repoint(writer: string, copies: NewBlock[], from: ReadonlySet<number>): void {
    const find = this.#database.prepare("SELECT block, length FROM objects WHERE hash = ?");
    const point = this.#database.prepare("UPDATE objects SET block = ?, offset = ? WHERE hash = ?");
    const unused = this.#unused();
    for (const { key, block, object } of this.#addBlocks(writer, copies)) {
      const row = find.get(key);
      const old = Number(row?.["block"]);
      if (row !== undefined && from.has(old)) {
        point.run(block, object.offset, key);
        unused.run(Number(row["length"]), old);
      } else unused.run(object.length, block);
    }
  }

  /**
   * Points objects at blocks that were found in the packs, whatever was known of them. Always as
   * new blocks: a collection at work has counted what it knows of the old ones.
   */
  adopt(blocks: NewBlock[]): void {
    this.forget(blocks.flatMap(({ objects }) => objects.map(({ hash }) => hash)));
    const addObject = this.#database.prepare("INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?)");
    const count = this.#database.prepare("UPDATE blocks SET refs = ?, live = ? WHERE id = ?");
    for (const block of blocks) {
      const added = this.#addBlocks(null, [block]);
      for (const { key, block: id, object } of added) {
        const { kind, offset, length, size } = object;
        addObject.run(key, kind, id, offset, length, size);
      }
      // Not all that stands in it may be wanted.
      const live = block.objects.reduce((sum, { length }) => sum + length, 0);
      count.run(added.length, live, added[0]?.block ?? 0);
    }
  }

  /** Id of a pack, which reaches to `end` now; a row is made when it has none. */
  grownPack(name: string, writer: string | null, end: number): number {
    const row = this.#database
      .prepare(
        `INSERT INTO packs (name, bytes, writer) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET bytes = max(bytes, excluded.bytes) RETURNING id`,
      )
      .get(name, end, writer);
    return Number(row?.["id"]);
  }

  /** Objects that are about to be added at another place. */
  forget(hashes: Iterable<string>): void {
    const find = this.#database.prepare("SELECT block, length FROM objects WHERE hash = ?");
    const remove = this.#database.prepare("DELETE FROM objects WHERE hash = ?");
    const trust = this.#database.prepare("DELETE FROM distrusted WHERE hash = ?");
    const unused = this.#unused();
    for (const hash of hashes) {
      const key = Buffer.from(hash, "hex");
      trust.run(key);
      const row = find.get(key);
      if (row === undefined) continue;
      unused.run(Number(row["length"]), Number(row["block"]));
      remove.run(key);
    }
  }

  #addBlocks(writer: string | null, blocks: NewBlock[]): Added[] {
    const add = this.#database.prepare(
      `INSERT INTO blocks (pack, offset, codec, count, raw, stored, refs, live)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    return blocks.flatMap(({ pack, place, objects }) => {
      const id = this.grownPack(pack, writer, place.offset + blockLength(place));
      const { offset, codec, count, raw, stored } = place;
      const block = add.run(id, offset, codec, count, raw, stored, count, raw).lastInsertRowid;
      return objects.map((object) => ({ key: Buffer.from(object.hash, "hex"), block, object }));
    });
  }

  #unused(): StatementSync {
    return this.#database.prepare(
      "UPDATE blocks SET refs = refs - 1, live = live - ? WHERE id = ?",
    );
  }
}
