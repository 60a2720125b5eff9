import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ProtocolError } from "@cairn/shared/errors";
import { resultCode, sqliteBusy } from "./sqlite.ts";

const patienceMs = 250;

// A database that nobody refers to is closed with the garbage, and its lock is gone.
const held = new Set<DatabaseSync>();

/**
 * Makes this process the only owner of the store in a data folder's `dir` until `release`, or until it ends in
 * whatever way. A second owner gets an error with `details.reason` `already_owned`.
 */
export function lockStore(dir: string): { release(): void } {
  const owner = join(dir, "owner");
  // Node has no flock; SQLite's lock on a file of its own ends with the process that holds it. Two
  // that come at once may be in each other's way for a moment, and neither would have it.
  const database = new DatabaseSync(join(dir, "lock.db"), { timeout: patienceMs });
  try {
    database.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (resultCode(error) !== sqliteBusy) throw error;
    throw new ProtocolError(
      "internal",
      `The data folder ${dirname(dir)} is in use by another Cairn${processOf(owner)}. Stop that one, or give this one another data folder.`,
      { details: { reason: "already_owned", dir }, cause: error },
    );
  }
  writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 });
  held.add(database);
  return {
    release() {
      held.delete(database);
      database.close();
    },
  };
}

function processOf(owner: string): string {
  try {
    const pid = Number.parseInt(readFileSync(owner, "utf8"), 10);
    return Number.isInteger(pid) ? ` (process ${pid})` : "";
  } catch {
    return "";
  }
}
