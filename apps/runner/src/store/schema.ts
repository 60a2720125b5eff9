import type { DatabaseSync } from "node:sqlite";
import { ProtocolError } from "@cairn/shared/errors";
import { transaction } from "./sqlite.ts";

const schemaVersion = 1;

const schema = `
CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
-- writer: the thread that appends to the pack now; bytes: end of the last committed block
CREATE TABLE packs (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, writer TEXT
) STRICT;
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY, pack INTEGER NOT NULL REFERENCES packs (id), offset INTEGER NOT NULL,
  codec INTEGER NOT NULL, count INTEGER NOT NULL, raw INTEGER NOT NULL, stored INTEGER NOT NULL
) STRICT;
-- offset and length: in the block's raw bytes; size: bytes of the whole content
CREATE TABLE objects (
  hash BLOB PRIMARY KEY, kind INTEGER NOT NULL, block INTEGER NOT NULL REFERENCES blocks (id),
  offset INTEGER NOT NULL, length INTEGER NOT NULL, size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE pins (
  pin TEXT PRIMARY KEY, tree BLOB NOT NULL, rules BLOB NOT NULL, skipped BLOB
) STRICT, WITHOUT ROWID;
CREATE TABLE journals (
  operation_id TEXT PRIMARY KEY, phase TEXT NOT NULL, data TEXT NOT NULL, updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- device that a workspace was on when it was last captured
CREATE TABLE workspaces (path TEXT PRIMARY KEY, device TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Makes the tables of a new index; refuses one of a newer Cairn. */
export function prepareSchema(database: DatabaseSync): void {
  const known = version(database);
  if (known === undefined) {
    transaction(database, () => {
      // Another thread may have been quicker.
      if (version(database) !== undefined) return;
      database.exec(schema);
      database.prepare("INSERT INTO schema_version VALUES (?)").run(schemaVersion);
    });
  } else if (known > schemaVersion) {
    throw new ProtocolError(
      "internal",
      "The snapshot store was written by a newer Cairn. Start that version, or choose another data folder.",
    );
  }
}

function version(database: DatabaseSync): number | undefined {
  const table = database
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'")
    .get();
  if (table === undefined) return undefined;
  return Number(database.prepare("SELECT version FROM schema_version").get()?.["version"]);
}
