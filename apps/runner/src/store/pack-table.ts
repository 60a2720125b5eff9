import type { DatabaseSync } from "node:sqlite";
import type { BlockPlace } from "./blocks.ts";
import { blockLength, blockLengthSql } from "./blocks.ts";
import type { NewBlock } from "./block-rows.ts";
import type { StoreIndex } from "./store-index.ts";

export interface PackRow {
  id: number;
  name: string;
  /** About what its objects that are still referred to take. */
  live: number;
  blocks: number;
}

export interface BlockRow {
  id: number;
  place: BlockPlace;
  refs: number;
  live: number;
}

/** A block that was copied as it is. */
export interface MovedBlock {
  id: number;
  place: BlockPlace;
  to: { pack: string; offset: number };
}

/** The index's packs and blocks, as collecting rewrites them. */
export class PackTable {
  readonly #index: StoreIndex;
  readonly #database: DatabaseSync;

  constructor(index: StoreIndex) {
    this.#index = index;
    this.#database = index.database;
  }

  list(): PackRow[] {
    return this.#database
      .prepare(
        `SELECT p.id, p.name, count(b.id) AS blocks,
           coalesce(sum(CASE WHEN b.raw > 0 THEN (${blockLengthSql}) * b.live / b.raw
                             WHEN b.refs > 0 THEN ${blockLengthSql} ELSE 0 END), 0) AS live
         FROM packs p LEFT JOIN blocks b ON b.pack = p.id GROUP BY p.id`,
      )
      .all()
      .map(({ id, name, blocks, live }) => ({
        id: Number(id),
        name: String(name),
        blocks: Number(blocks),
        live: Number(live),
      }));
  }

  /** Whether there are blocks of a pack that is not known. */
  isTorn(): boolean {
    const sql = "SELECT 1 FROM blocks WHERE pack NOT IN (SELECT id FROM packs) LIMIT 1";
    return this.#database.prepare(sql).get() !== undefined;
  }

  /** Nobody appends to the packs from here on; whoever did finds out. Call while alone. */
  claim(packs: PackRow[], owner: string): void {
    if (packs.length === 0) return;
    this.#index.writeUnsynced(() => {
      const claim = this.#database.prepare("UPDATE packs SET writer = ? WHERE id = ?");
      for (const { id } of packs) claim.run(owner, id);
    });
  }

  /** The packs that a thread appends to, or did. */
  claimedBy(writer: string): { id: number; name: string }[] {
    return this.#database
      .prepare("SELECT id, name FROM packs WHERE writer = ? ORDER BY id")
      .all(writer)
      .map(({ id, name }) => ({ id: Number(id), name: String(name) }));
  }

  /** Raw bytes and blocks of the packs that a thread appends to. */
  weight(writer: string): { raw: number; blocks: number } {
    const row = this.#database
      .prepare(
        `SELECT coalesce(sum(b.raw), 0) AS raw, count(*) AS blocks
         FROM packs p JOIN blocks b ON b.pack = p.id WHERE p.writer = ?`,
      )
      .get(writer);
    return { raw: Number(row?.["raw"]), blocks: Number(row?.["blocks"]) };
  }

  /** The next blocks of a pack, in order, so many that they take about `bytes`; else all. */
  blocks(pack: number, bytes = Number.POSITIVE_INFINITY): BlockRow[] {
    const rows = this.#database
      .prepare(
        `SELECT id, offset, codec, count, raw, stored, refs, live FROM blocks
         WHERE pack = ? ORDER BY offset LIMIT ?`,
      )
      .all(pack, bytes === Number.POSITIVE_INFINITY ? -1 : 1000);
    const taken: BlockRow[] = [];
    let sum = 0;
    for (const row of rows) {
      const of = (name: string): number => Number(row[name]);
      const [offset, codec, count, raw] = [of("offset"), of("codec"), of("count"), of("raw")];
      const place = { offset, codec, count, raw, stored: of("stored") };
      taken.push({ id: of("id"), place, refs: of("refs"), live: of("live") });
      sum += blockLength(place);
      if (sum >= bytes) break;
    }
    return taken;
  }

  /** Where an object stands in a block, undefined when it does not stand in this one. */
  inBlock(hash: string, block: number): { offset: number; size: number } | undefined {
    const row = this.#database
      .prepare("SELECT offset, size FROM objects WHERE hash = ? AND block = ?")
      .get(Buffer.from(hash, "hex"), block);
    return row && { offset: Number(row["offset"]), size: Number(row["size"]) };
  }

  /**
   * Blocks were copied, durably: `moved` as they were, and what was alive in the `emptied` ones
   * into `added` ones.
   */
  move(
    writer: string,
    { moved, emptied, added }: { moved: MovedBlock[]; emptied: number[]; added: NewBlock[] },
  ): void {
    const sources = new Set(emptied);
    this.#index.write(() => {
      const point = this.#database.prepare("UPDATE blocks SET pack = ?, offset = ? WHERE id = ?");
      for (const { id, place, to } of moved) {
        const end = to.offset + blockLength(place);
        point.run(this.#index.rows.grownPack(to.pack, writer, end), to.offset, id);
      }
      this.#index.rows.repoint(writer, added, sources);
      this.#removeBlocks(emptied);
    });
  }

  /**
   * What was alive in packs was copied into `added` blocks, durably. Gives the names of those that
   * are forgotten, as nothing is in them any more.
   */
  drain(
    writer: string,
    packs: { id: number; name: string }[],
    { emptied, added }: { emptied: number[]; added: NewBlock[] },
  ): string[] {
    return this.#index.write(() => {
      this.#index.rows.repoint(writer, added, new Set(emptied));
      this.#removeBlocks(emptied);
      return packs.filter(({ id }) => this.#removePack(id)).map(({ name }) => name);
    });
  }

  /** Forgets blocks in which nothing is referred to any more. */
  dropDead(pack: number): void {
    this.#index.writeUnsynced(() =>
      this.#database.prepare("DELETE FROM blocks WHERE pack = ? AND refs = 0").run(pack),
    );
  }

  /** Forgets a pack without blocks; false when it has some. */
  drop(pack: number): boolean {
    return this.#index.write(() => this.#removePack(pack));
  }

  #removeBlocks(emptied: number[]): void {
    const remove = this.#database.prepare("DELETE FROM blocks WHERE id = ? AND refs = 0");
    for (const id of emptied) remove.run(id);
  }

  #removePack(pack: number): boolean {
    const { changes } = this.#database
      .prepare(
        "DELETE FROM packs WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM blocks WHERE pack = ?1)",
      )
      .run(pack);
    return Number(changes) > 0;
  }
}
