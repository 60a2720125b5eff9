import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { Snapshot } from "../runner.ts";
import type { BlockPlace } from "./blocks.ts";
import { blockLength } from "./blocks.ts";
import { isDamagedIndex, openError, storeError } from "./errors.ts";
import { noteDamage } from "./index-damage.ts";
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

interface Added {
  key: Buffer;
  block: number | bigint;
  object: NewObject;
}

export interface Pin {
  pin: string;
  snapshot: Snapshot;
}

/** How a commit differs from the common one. */
export interface CommitOptions {
  /** Objects that do not read back where the index has them: what is added takes their place. */
  distrusted?: ReadonlySet<string>;
  /** Is told what all packs hold with the commit, and may refuse it by throwing. */
  check?: (held: number) => void;
}

/** Runs a write, perhaps twice: see `Room.making`. */
export type Making = <T>(work: () => T) => T;

const busyMs = 30_000;

/** The SQLite index of the packs. Each thread has a connection of its own. */
export class StoreIndex {
  readonly database: DatabaseSync;
  readonly #dir: string;
  readonly #making: Making;
  readonly #has: StatementSync;
  readonly #find: StatementSync;

  constructor(path: string, making: Making = (work) => work()) {
    this.#dir = dirname(path);
    this.#making = making;
    this.database = new DatabaseSync(path, {
      timeout: busyMs,
      // They would search all objects for each block that is dropped.
      enableForeignKeyConstraints: false,
    });
    try {
      this.database.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 400",
      );
      making(() => prepareSchema(this.database));
      this.#has = this.database.prepare("SELECT 1 FROM objects WHERE hash = ?");
      this.#find = this.database.prepare(
        `SELECT o.kind, o.offset, o.length, o.size, p.name, b.offset AS block_offset, b.codec,
           b.count, b.raw, b.stored
         FROM objects o JOIN blocks b ON b.id = o.block JOIN packs p ON p.id = b.pack
         WHERE o.hash = ?`,
      );
    } catch (error) {
      this.database.close();
      throw openError(error);
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

  /** Runs `work` with its errors as those of the table. Damage is noted, for the next start. */
  guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const known = storeError(error);
      if (isDamagedIndex(known)) noteDamage(this.#dir);
      throw known;
    }
  }

  /** One write transaction. */
  write<T>(work: () => T): T {
    return this.#making(() => transaction(this.database, work));
  }

  /** Adds blocks whose bytes are durable, and pins the snapshot, in one transaction. */
  commit(
    writer: string,
    blocks: NewBlock[],
    pin: Pin | undefined,
    { distrusted = new Set(), check }: CommitOptions = {},
  ): void {
    if (blocks.length === 0 && pin === undefined) return;
    this.write(() => {
      const added = this.#addBlocks(writer, blocks);
      if (distrusted.size > 0) {
        this.forget(added.map(({ object }) => object.hash).filter((hash) => distrusted.has(hash)));
      }
      // In key order the B-tree fills page by page.
      added.sort((a, b) => Buffer.compare(a.key, b.key));
      // Another thread may have stored the same content meanwhile: the first one stays.
      const addObject = this.database.prepare(
        "INSERT OR IGNORE INTO objects VALUES (?, ?, ?, ?, ?, ?)",
      );
      const unused = this.#unused();
      for (const { key, block, object } of added) {
        const { kind, offset, length, size } = object;
        const { changes } = addObject.run(key, kind, block, offset, length, size);
        if (changes === 0) unused.run(length, block);
      }
      if (blocks.length > 0) check?.(this.packedBytes());
      if (pin !== undefined) this.#pin(pin);
    });
  }

  /** Points objects that stand in one of the blocks to copies of them. Inside `write`. */
  repoint(writer: string, copies: NewBlock[], from: ReadonlySet<number>): void {
    const find = this.database.prepare("SELECT block, length FROM objects WHERE hash = ?");
    const point = this.database.prepare("UPDATE objects SET block = ?, offset = ? WHERE hash = ?");
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
    this.write(() => {
      this.forget(blocks.flatMap(({ objects }) => objects.map(({ hash }) => hash)));
      const add = this.database.prepare("INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?)");
      const count = this.database.prepare("UPDATE blocks SET refs = ?, live = ? WHERE id = ?");
      for (const block of blocks) {
        let id: number | bigint = 0;
        let live = 0;
        for (const { key, block: added, object } of this.#addBlocks(null, [block])) {
          const { kind, offset, length, size } = object;
          add.run(key, kind, added, offset, length, size);
          id = added;
          live += length;
        }
        count.run(block.objects.length, live, id);
      }
    });
  }

  /** Id of a pack, which reaches to `end` now; a row is made when it has none. Inside `write`. */
  grownPack(name: string, writer: string | null, end: number): number | bigint {
    const row = this.database
      .prepare(
        `INSERT INTO packs (name, bytes, writer) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET bytes = max(bytes, excluded.bytes) RETURNING id`,
      )
      .get(name, end, writer);
    return Number(row?.["id"]);
  }

  /** Bytes of all packs up to their last committed block. */
  packedBytes(): number {
    const row = this.database.prepare("SELECT coalesce(sum(bytes), 0) AS n FROM packs").get();
    return Number(row?.["n"]);
  }

  unpin(pins: string[]): void {
    this.write(() => {
      const remove = this.database.prepare("DELETE FROM pins WHERE pin = ?");
      let removed = 0;
      for (const pin of pins) removed += Number(remove.run(pin).changes);
      if (removed > 0) this.#release(removed);
    });
  }

  /** Pins what has no pin. Gives how many that were. */
  pinMissing(pins: Pin[]): number {
    const known = new Set(this.pins());
    const missing = pins.filter(({ pin }) => !known.has(pin));
    if (missing.length > 0) this.write(() => missing.forEach((pin) => this.#pin(pin)));
    return missing.length;
  }

  /** Pins that were let go and not collected for since. */
  released(): number {
    return Number(this.state("released") ?? 0);
  }

  /** So many of them were collected for. */
  collected(released: number): void {
    if (released > 0) this.write(() => this.#release(-released));
  }

  pins(): string[] {
    return this.database
      .prepare("SELECT pin FROM pins ORDER BY pin")
      .all()
      .map((row) => String(row["pin"]));
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

  state(key: string): string | undefined {
    const row = this.database.prepare("SELECT value FROM state WHERE key = ?").get(key);
    return row && String(row["value"]);
  }

  /** Undefined forgets it. */
  setState(key: string, value: string | undefined): void {
    this.write(() =>
      value === undefined
        ? this.database.prepare("DELETE FROM state WHERE key = ?").run(key)
        : this.database.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)").run(key, value),
    );
  }

  close(): void {
    this.database.close();
  }

  #addBlocks(writer: string | null, blocks: NewBlock[]): Added[] {
    const add = this.database.prepare(
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
    return this.database.prepare("UPDATE blocks SET refs = refs - 1, live = live - ? WHERE id = ?");
  }

  /** Objects to be stored anew when they are met: see `Store.has`. */
  distrusted(): Set<string> {
    const rows = this.database.prepare("SELECT hash FROM distrusted").all();
    return new Set(rows.map(({ hash }) => Buffer.from(hash as Uint8Array).toString("hex")));
  }

  /** Distrusts some, and trusts those of the others that were found to be well. */
  distrust(bad: ReadonlySet<string>, isWell: (hash: string) => boolean): void {
    const well = [...this.distrusted()].filter((hash) => !bad.has(hash) && isWell(hash));
    if (bad.size + well.length === 0) return;
    this.write(() => {
      const add = this.database.prepare("INSERT OR IGNORE INTO distrusted VALUES (?)");
      const remove = this.database.prepare("DELETE FROM distrusted WHERE hash = ?");
      for (const hash of bad) add.run(Buffer.from(hash, "hex"));
      for (const hash of well) remove.run(Buffer.from(hash, "hex"));
    });
  }

  /** Objects that are about to be added at another place. Inside `write`. */
  forget(hashes: Iterable<string>): void {
    const find = this.database.prepare("SELECT block, length FROM objects WHERE hash = ?");
    const remove = this.database.prepare("DELETE FROM objects WHERE hash = ?");
    const trusted = this.database.prepare("DELETE FROM distrusted WHERE hash = ?");
    const unused = this.#unused();
    for (const hash of hashes) {
      const key = Buffer.from(hash, "hex");
      trusted.run(key);
      const row = find.get(key);
      if (row === undefined) continue;
      unused.run(Number(row["length"]), Number(row["block"]));
      remove.run(key);
    }
  }

  #release(pins: number): void {
    this.database
      .prepare(
        `INSERT INTO state VALUES ('released', ?1)
         ON CONFLICT (key) DO UPDATE SET value = CAST(max(value + ?1, 0) AS TEXT)`,
      )
      .run(String(pins));
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
