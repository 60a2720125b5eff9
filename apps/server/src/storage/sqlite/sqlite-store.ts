import { DatabaseSync } from "node:sqlite";
import { ProtocolError } from "@cairn/shared/errors";
import { Kysely } from "kysely";
import { SqlReads } from "../sql/reads.ts";
import type { Tables } from "../sql/tables.ts";
import { SqlTx } from "../sql/tx.ts";
import type { Store, Tx } from "../store.ts";
import { nodeSqlite } from "./dialect.ts";
import { migrate } from "./migrations/migrate.ts";

const busyMs = 10_000;

/** Pages in memory, in KiB, as SQLite wants it (negative): each connection has its own. */
const cacheSize = -16_384;

function openForWriting(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyMs });
  try {
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
    return database;
  } catch (error) {
    database.close();
    throw readable(error, file);
  }
}

/** A connection of its own, so that reads neither wait for a write nor see half of it. */
function openForReading(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyMs, readOnly: true });
  database.exec(`pragma trusted_schema = off; pragma cache_size = ${cacheSize};`);
  return database;
}

function codeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return Number(error.errcode) & 0xff;
}

function readable(error: unknown, file: string): unknown {
  const code = codeOf(error);
  const wrong = (why: string): Error => new Error(`${file} ${why}`, { cause: error });
  if (code === 26) return wrong("is not a database. Choose another data folder.");
  if (code === 11) return wrong("is damaged. Put back a copy of it, or choose another folder.");
  if (code === 5) return wrong("is held by another process. Stop it first.");
  return error;
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
  const writer = openForWriting(file);
  return new SqliteStore(writer, openForReading(file));
}
