import type { DatabaseSync } from "node:sqlite";
import { first } from "./001-first.ts";
import { consumers } from "./002-consumers.ts";
import { upkeep } from "./003-upkeep.ts";

/** Every version's SQL, in order; a database's `user_version` says how many it has had. */
const migrations = [first, consumers, upkeep];

/** Marks the file as Cairn's ("Carn"). */
const applicationId = 0x4361726e;

function numberOf(database: DatabaseSync, query: string): number {
  const row = database.prepare(query).get();
  return Number(Object.values(row ?? {})[0]);
}

/** The database's version; refuses what another program or a newer Cairn wrote. */
export function checkVersion(database: DatabaseSync, file: string): number {
  const version = numberOf(database, "pragma user_version");
  const isOurs = numberOf(database, "pragma application_id") === applicationId;
  if (!isOurs && numberOf(database, "select count(*) from sqlite_schema") > 0) {
    throw new Error(`${file} is a database of another program. Choose another data folder.`);
  }
  if (version > migrations.length) {
    throw new Error(
      `${file} was written by a newer Cairn (schema ${version}, this one knows ${migrations.length}). Start that version, or choose another data folder.`,
    );
  }
  return version;
}

/** Brings a database to the newest version. */
export function migrate(database: DatabaseSync, file: string): void {
  if (checkVersion(database, file) === migrations.length) return;
  database.exec("begin immediate");
  try {
    // Read again: another process may have migrated it before this one got the lock.
    const version = checkVersion(database, file);
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`pragma application_id = ${applicationId}`);
    database.exec(`pragma user_version = ${migrations.length}`);
    database.exec("commit");
  } finally {
    if (database.isTransaction) database.exec("rollback");
  }
}
