import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";

const pathIn = (dir: string): string => join(dir, "index.damaged");

/** Remembers that the index is to be made anew when the store is opened next. */
export function noteDamage(dir: string): void {
  try {
    writeFileSync(pathIn(dir), "", { mode: 0o600 });
  } catch {
    // Whoever meets the damage again tries again.
  }
}

export function isDamageNoted(dir: string): boolean {
  return existsSync(pathIn(dir));
}

export function forgetDamage(dir: string): void {
  rmSync(pathIn(dir), { force: true });
}

/** Whether SQLite finds the index, or one table of it, as it should be. */
export function quickCheck(database: DatabaseSync, table = ""): boolean {
  const sql = table === "" ? "PRAGMA quick_check(1)" : `PRAGMA quick_check('${table}')`;
  return Object.values(database.prepare(sql).get() ?? {})[0] === "ok";
}
