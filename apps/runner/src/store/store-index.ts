import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { NewBlock } from "./block-rows.ts";
import { BlockRows } from "./block-rows.ts";
import type { BlockPlace } from "./blocks.ts";
import { isDamagedIndex, openError, storeError } from "./errors.ts";
import { noteDamage } from "./index-damage.ts";
import type { Pin } from "./pins.ts";
import { pinSnapshot } from "./pins.ts";
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
/** What the log may keep on the disk from one commit to the next. */
const logBytes = 400 * 1024;
/** Rows that were written since the log was copied into the index last: some three captures. */
const muchWritten = 80;

/** The SQLite index of the packs. Each thread has a connection of its own. */
export class StoreIndex {
  readonly database: DatabaseSync;
  readonly rows: BlockRows;
  readonly #dir: string;
  readonly #making: Making;
  readonly #has: StatementSync;
  readonly #find: StatementSync;
  readonly #changes: StatementSync;
  #copied = 0;

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
        `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = ${logBytes}`,
      );
      making(() => prepareSchema(this.database));
      this.rows = new BlockRows(this.database);
      this.#has = this.database.prepare("SELECT 1 FROM objects WHERE hash = ?");
      this.#find = this.database.prepare(
        `SELECT o.kind, o.offset, o.length, o.size, p.name, b.offset AS block_offset, b.codec,
           b.count, b.raw, b.stored
         FROM objects o JOIN blocks b ON b.id = o.block JOIN packs p ON p.id = b.pack
         WHERE o.hash = ?`,
      );
      this.#changes = this.database.prepare("SELECT total_changes() AS n");
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

  /** Runs `work` with its errors as those of the table. */
  guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.known(error);
    }
  }

  /** An error as one of the table where it is known. Damage is noted, for the next start. */
  known(error: unknown): unknown {
    const known = storeError(error);
    if (isDamagedIndex(known)) noteDamage(this.#dir);
    return known;
  }

  /** One write transaction. */
  write<T>(work: () => T): T {
    return this.#making(() => transaction(this.database, work));
  }

  /**
   * The same for what a power cut may take back: all of it then, as far back as the last that was
   * made to last. What is let go is let go again then. It is never bytes that go before it lasts.
   */
  writeUnsynced<T>(work: () => T): T {
    this.database.exec("PRAGMA synchronous = NORMAL");
    try {
      return this.write(work);
    } finally {
      this.database.exec("PRAGMA synchronous = FULL");
    }
  }

  /**
   * Copies the log into the index where there is much in it, so that it begins anew. Nobody waits
   * for it, and it waits for nobody: what others still read stays for the next time.
   */
  tidy(): void {
    const changes = Number(this.#changes.get()?.["n"]);
    if (changes - this.#copied < muchWritten) return;
    this.#copied = changes;
    try {
      this.database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (error) {
      // It stays in the log. Whoever writes next meets the same, and is told.
      this.known(error);
    }
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
      this.rows.add(writer, blocks, distrusted);
      if (blocks.length > 0) check?.(this.packedBytes());
      if (pin !== undefined) pinSnapshot(this, pin);
    });
  }

  /** Bytes of all packs up to their last committed block. */
  packedBytes(): number {
    const row = this.database.prepare("SELECT coalesce(sum(bytes), 0) AS n FROM packs").get();
    return Number(row?.["n"]);
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
}
