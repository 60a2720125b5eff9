import { DatabaseSync } from "node:sqlite";
import { ProtocolError } from "@cairn/shared/errors";
import { Kysely } from "kysely";
import { SqlReads } from "../sql/reads.ts";
import type { Tables } from "../sql/tables.ts";
import { SqlTx } from "../sql/tx.ts";
import type { Store, Tx } from "../store.ts";
import { nodeSqlite } from "./dialect.ts";
import { checkVersion, migrate } from "./migrations/migrate.ts";

const busyMs = 10_000;

/** Pages in memory, in KiB, as SQLite wants it (negative): each connection has its own. */
const cacheSize = -16_384;

/**
 * Of a new file; an older one keeps its 4 KiB. Most events are longer than the kilobyte that SQLite
 * keeps of a row in such a page, and the rest of each would be a read of its own: with these, a
 * replay of 1,000 takes half as long, and a commit no longer.
 */
const pageSize = 8_192;

function prepareForWriting(database: DatabaseSync, file: string): void {
  // Before anything is written, should it not be ours.
  checkVersion(database, file);
  database.exec(`pragma page_size = ${pageSize}`);
  const mode = database.prepare("pragma journal_mode = wal").get();
  if (mode?.["journal_mode"] !== "wal") {
    throw new Error(`${file} lies on a file system that SQLite cannot keep a shared log on.`);
  }
  // FULL syncs the log at every commit; fullfsync makes macOS reach the platter too.
  database.exec(`pragma synchronous = full; pragma fullfsync = 1; pragma checkpoint_fullfsync = 1;
    pragma foreign_keys = on; pragma trusted_schema = off; pragma cache_size = ${cacheSize};`);
  migrate(database, file);
  // From here the driver waits for locks, without holding the thread.
  database.exec("pragma busy_timeout = 0");
}

/** A connection of its own, so that reads neither wait for a write nor see half of it. */
function openForReading(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyMs, readOnly: true });
  database.exec(`pragma trusted_schema = off; pragma cache_size = ${cacheSize};`);
  return database;
}

/** SQLite's primary result code, null for what is not its error. */
function codeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return Number(error.errcode) & 0xff;
}

const reasons = new Map([
  [5, "is held by another process. Stop that first."],
  [8, "cannot be written to. Change its permissions, or choose another data folder."],
  [11, "is damaged. Put a copy of it in its place, or choose another data folder."],
  [13, "lies on a full disk. Free some space first."],
  [14, "cannot be opened. Check that its folder exists and may be written to."],
  [26, "is not a database. Choose another data folder."],
]);

/** One clear line for whoever starts the server. */
function readable(error: unknown, file: string): unknown {
  const reason = reasons.get(codeOf(error) ?? 0);
  return reason === undefined ? error : new Error(`${file} ${reason}`, { cause: error });
}

/** What a failed transaction means for the caller. It left no trace, whatever it was. */
function meaning(error: unknown): unknown {
  const code = codeOf(error);
  if (code === 13) {
    const text = "The disk that holds Cairn's data is full. Free some space, then try again.";
    return new ProtocolError("store_full", text, { cause: error });
  }
  return error;
}

function kyselyOver(database: DatabaseSync): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: nodeSqlite({ database, busyMs }) });
}

class SqliteStore extends SqlReads implements Store {
  readonly #writer: DatabaseSync;
  readonly #reader: DatabaseSync;
  readonly #write: Kysely<Tables>;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(writer: DatabaseSync, reader: DatabaseSync) {
    super(kyselyOver(reader));
    this.#writer = writer;
    this.#reader = reader;
    this.#write = kyselyOver(writer);
  }

  async transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#closed) {
      throw new ProtocolError("shutting_down", "The server is stopping. Try again in a moment.");
    }
    const transaction = this.#write
      .transaction()
      .execute(async (connection) => await work(new SqlTx(connection)));
    this.#running.add(transaction);
    try {
      return await transaction;
    } catch (error) {
      throw meaning(error);
    } finally {
      this.#running.delete(transaction);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#running);
    // The writer last: the last connection to leave folds the log into the database.
    this.#reader.close();
    this.#writer.close();
  }
}

/** Opens the store of rows and events at `file`, creating or migrating it. */
export async function openSqliteStore({ file }: { file: string }): Promise<Store> {
  let writer: DatabaseSync | undefined;
  try {
    writer = new DatabaseSync(file, { timeout: busyMs });
    prepareForWriting(writer, file);
    return new SqliteStore(writer, openForReading(file));
  } catch (error) {
    writer?.close();
    throw readable(error, file);
  }
}
