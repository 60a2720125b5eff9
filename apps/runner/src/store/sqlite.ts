import type { DatabaseSync } from "node:sqlite";

export const sqliteBusy = 5;
export const sqliteFull = 13;

/** SQLite's primary result code of an error that `node:sqlite` threw. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode % 256 : undefined;
}

/** Runs `work` in one write transaction, taken at once: a deferred one fails as busy later. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
