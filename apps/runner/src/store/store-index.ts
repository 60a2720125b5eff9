import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { Snapshot } from "../runner.ts";
import type { BlockPlace } from "./blocks.ts";
import { blockLength } from "./blocks.ts";
import { prepareSchema } from "./schema.ts";
import { transaction } from "./sqlite.ts";

/** Where an object is found, and what the index says of it. */
export interface ObjectPlace {
  kind: number;
  pack: string;
  block: BlockPlace;
  offset: number;
  length: number;
  size: number;
}

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

export interface Pin {
  pin: string;
  snapshot: Snapshot;
}

const busyMs = 30_000;

/** The SQLite index of the packs. Each thread has a connection of its own. */
export class StoreIndex {
  readonly database: DatabaseSync;
  readonly #has: StatementSync;
  readonly #find: StatementSync;

  constructor(path: string) {
    this.database = new DatabaseSync(path, { timeout: busyMs });
    try {
      this.database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      prepareSchema(this.database);
      this.#has = this.database.prepare("SELECT 1 FROM objects WHERE hash = ?");
      this.#find = this.database.prepare(
        `SELECT o.kind, o.offset, o.length, o.size, p.name, b.offset AS block_offset, b.codec,
           b.count, b.raw, b.stored
         FROM objects o JOIN blocks b ON b.id = o.block JOIN packs p ON p.id = b.pack
         WHERE o.hash = ?`,
      );
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  has(hash: string): boolean {
    return this.#has.get(Buffer.from(hash, "hex")) !== undefined;
  }

  find(hash: string): ObjectPlace | undefined {
    const row = this.#find.get(Buffer.from(hash, "hex"));
    if (row === undefined) return undefined;
    return {
      kind: Number(row["kind"]),
      pack: String(row["name"]),
      block: {
        offset: Number(row["block_offset"]),
        codec: Number(row["codec"]),
        count: Number(row["count"]),
        raw: Number(row["raw"]),
        stored: Number(row["stored"]),
      },
      offset: Number(row["offset"]),
      length: Number(row["length"]),
      size: Number(row["size"]),
    };
  }

  /** Adds blocks whose bytes are durable, and pins the snapshot, in one transaction. */
  commit(writer: string, blocks: NewBlock[], pin: Pin | undefined): void {
    if (blocks.length === 0 && pin === undefined) return;
    transaction(this.database, () => {
      const packs = new Map<string, number | bigint>();
      for (const { pack } of blocks) {
        if (!packs.has(pack)) packs.set(pack, this.#packId(pack, writer));
      }
      const addBlock = this.database.prepare(
        "INSERT INTO blocks (pack, offset, codec, count, raw, stored) VALUES (?, ?, ?, ?, ?, ?)",
      );
      const grow = this.database.prepare("UPDATE packs SET bytes = max(bytes, ?) WHERE id = ?");
      const added: { key: Buffer; block: number | bigint; object: NewObject }[] = [];
      for (const { pack, place, objects } of blocks) {
        const id = packs.get(pack) ?? 0;
        const { offset, codec, count, raw, stored } = place;
        const block = addBlock.run(id, offset, codec, count, raw, stored).lastInsertRowid;
        grow.run(offset + blockLength(place), id);
        for (const object of objects) {
          added.push({ key: Buffer.from(object.hash, "hex"), block, object });
        }
      }
      // In key order the B-tree fills page by page.
      added.sort((a, b) => Buffer.compare(a.key, b.key));
      // Another thread may have stored the same content meanwhile: the first one stays.
      const addObject = this.database.prepare(
        "INSERT OR IGNORE INTO objects VALUES (?, ?, ?, ?, ?, ?)",
      );
      for (const { key, block, object } of added) {
        addObject.run(key, object.kind, block, object.offset, object.length, object.size);
      }
      if (pin !== undefined) this.#pin(pin);
    });
  }

  unpin(pins: string[]): void {
    transaction(this.database, () => {
      const remove = this.database.prepare("DELETE FROM pins WHERE pin = ?");
      for (const pin of pins) remove.run(pin);
    });
  }

  pins(): string[] {
    return this.database
      .prepare("SELECT pin FROM pins ORDER BY pin")
      .all()
      .map((row) => String(row["pin"]));
  }

  /** Takes a pack with room that nobody appends to. */
  claimPack(writer: string, limit: number): { name: string; bytes: number } | undefined {
    const row = transaction(this.database, () =>
      this.database
        .prepare(
          `UPDATE packs SET writer = ? WHERE id =
             (SELECT id FROM packs WHERE writer IS NULL AND bytes < ? ORDER BY id DESC LIMIT 1)
           RETURNING name, bytes`,
        )
        .get(writer, limit),
    );
    return row && { name: String(row["name"]), bytes: Number(row["bytes"]) };
  }

  releasePacks(writer: string): void {
    this.database.prepare("UPDATE packs SET writer = NULL WHERE writer = ?").run(writer);
  }

  /** At start, when no thread of this store runs: frees the packs of threads that crashed. */
  releaseAllPacks(): void {
    this.database.exec("UPDATE packs SET writer = NULL WHERE writer IS NOT NULL");
  }

  /** Device that the workspace was on when it was last captured. */
  device(workspace: string): string | undefined {
    const row = this.database
      .prepare("SELECT device FROM workspaces WHERE path = ?")
      .get(workspace);
    return row && String(row["device"]);
  }

  setDevice(workspace: string, device: string): void {
    this.database
      .prepare("INSERT OR REPLACE INTO workspaces (path, device) VALUES (?, ?)")
      .run(workspace, device);
  }

  close(): void {
    this.database.close();
  }

  #packId(name: string, writer: string): number | bigint {
    const known = this.database.prepare("SELECT id FROM packs WHERE name = ?").get(name);
    if (known !== undefined) return Number(known["id"]);
    return this.database
      .prepare("INSERT INTO packs (name, bytes, writer) VALUES (?, 0, ?)")
      .run(name, writer).lastInsertRowid;
  }

  #pin({ pin, snapshot }: Pin): void {
    this.database
      .prepare("INSERT OR REPLACE INTO pins (pin, tree, rules, skipped) VALUES (?, ?, ?, ?)")
      .run(
        pin,
        Buffer.from(snapshot.tree, "hex"),
        Buffer.from(snapshot.rules, "hex"),
        snapshot.skipped === null ? null : Buffer.from(snapshot.skipped, "hex"),
      );
  }
}
