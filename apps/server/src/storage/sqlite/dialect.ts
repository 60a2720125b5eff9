import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from "kysely";

interface Prepared {
  statement: StatementSync;
  /** Names of what it gives; none for a statement that gives no rows. */
  columns: string[];
}

/** Kept statements: lists of ids of any length make texts without end. */
const keptStatements = 256;

/** Node binds no booleans, and `undefined` only by mistake. Integers over 2^53 are bigint both ways. */
function bindable(value: unknown): SQLInputValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "bigint" || value instanceof Uint8Array) return value;
  throw new TypeError(`A ${typeof value} cannot be stored in SQLite.`);
}

/** A row as an object: Node's own are dictionaries, whose making and reading costs twice this. */
function named(columns: readonly string[], values: readonly SQLOutputValue[]): object {
  const row: Record<string, SQLOutputValue | undefined> = {};
  for (let at = 0; at < columns.length; at += 1) row[columns[at] as string] = values[at];
  return row;
}

class Connection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const prepared = { statement, columns: statement.columns().map(({ name }) => name) };
    if (this.#prepared.size >= keptStatements) {
      const [oldest] = this.#prepared.keys();
      if (oldest !== undefined) this.#prepared.delete(oldest);
    }
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { statement, columns } = this.#prepare(sql);
    const values = parameters.map(bindable);
    if (columns.length > 0) {
      const found = statement.all(...values) as unknown as SQLOutputValue[][];
      return { rows: found.map((row) => named(columns, row) as R) };
    }
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  async *streamQuery<R>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    // A statement of its own: the kept one may be run again before this is read to its end.
    const rows = this.#database.prepare(sql).iterate(...parameters.map(bindable));
    for (const row of rows) yield { rows: [row as R] };
  }
}

/** SQLITE_BUSY in any of its forms: another connection holds the lock. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5;
}

class NodeSqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: Connection;
  readonly #busyMs: number;

  constructor({ database, busyMs }: NodeSqliteOptions) {
    this.#database = database;
    this.#connection = new Connection(database);
    this.#busyMs = busyMs;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  /**
   * Waits without holding the thread: who holds the lock may be another handle of this very
   * process, which SQLite's own busy timeout would starve.
   */
  async beginTransaction(): Promise<void> {
    const deadline = performance.now() + this.#busyMs;
    for (let pause = 1; ; pause = Math.min(pause * 2, 25)) {
      try {
        this.#database.exec("begin immediate");
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error;
      }
      await setTimeout(pause);
    }
  }

  async commitTransaction(): Promise<void> {
    this.#database.exec("commit");
  }

  /** SQLite itself has rolled back after some errors, such as a full disk. */
  async rollbackTransaction(): Promise<void> {
    if (this.#database.isTransaction) this.#database.exec("rollback");
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

interface NodeSqliteOptions {
  /** Opened, configured and closed by the caller. */
  database: DatabaseSync;
  /** Longest that the begin of a transaction waits for other connections, in ms. */
  busyMs: number;
}

/** Kysely over one `node:sqlite` connection; its transactions take the write lock at their begin. */
export function nodeSqlite(options: NodeSqliteOptions): Dialect {
  return {
    createDriver: () => new NodeSqliteDriver(options),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}
