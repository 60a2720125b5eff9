import type { DatabaseSync } from "node:sqlite";
import { ProtocolError } from "@cairn/shared/errors";
import { transaction } from "./sqlite.ts";

/** What each version added to the one before; never changed once it is out. */
const versions = [
  `
CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES (0);
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
`,
  `
-- of a block's objects, those that the index has there: how many, and their raw bytes
ALTER TABLE blocks ADD COLUMN refs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE blocks ADD COLUMN live INTEGER NOT NULL DEFAULT 0;
UPDATE blocks SET refs = used.refs, live = used.live FROM
  (SELECT block, count(*) AS refs, sum(length) AS live FROM objects GROUP BY block) AS used
  WHERE used.block = blocks.id;
CREATE INDEX blocks_of_pack ON blocks (pack, offset);
-- what else is known of the store: key, value
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- objects that do not read back, and folders and lists above them: to be stored anew when met
CREATE TABLE distrusted (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
`,
];

/** Brings an index to the tables of today; refuses one of a newer Cairn. */
export function prepareSchema(database: DatabaseSync): void {
  if (version(database) === versions.length) return;
  // Each step is whole or not there; another thread may have been quicker.
  transaction(database, () => {
    const known = version(database);
    if (known > versions.length) {
      throw new ProtocolError(
        "internal",
        "The snapshot store was written by a newer Cairn. Start that version, or choose another data folder.",
      );
    }
    for (const step of versions.slice(known)) database.exec(step);
    database.prepare("UPDATE schema_version SET version = ?").run(versions.length);
  });
}

/** 0 for an index without tables. */
function version(database: DatabaseSync): number {
  const table = database
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'")
    .get();
  if (table === undefined) return 0;
  return Number(database.prepare("SELECT version FROM schema_version").get()?.["version"]);
}
