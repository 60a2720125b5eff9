import { copyFileSync, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { decodeChunks, hashesIn } from "./encoding.ts";
import { distrust } from "./distrust.ts";
import type { Disk } from "./disk.ts";
import { isDamage, isDamagedIndex } from "./errors.ts";
import { forgetDamage, isDamageNoted, noteDamage, quickCheck } from "./index-damage.ts";
import { HashSet } from "./hash-set.ts";
import { kinds } from "./hashing.ts";
import type { NewBlock } from "./block-rows.ts";
import { StoreIndex } from "./store-index.ts";
import type { PackedBlock } from "./pack-scan.ts";
import { scanPack } from "./pack-scan.ts";

const kept = ["pins", "journals", "workspaces"] as const;
/** Looked at whole at each start, which takes some 50 ms; a larger one when it is validated. */
const quickBytes = 32 * 1024 * 1024;

/** Whether the index can be used. Call before any thread opens it. */
export function isIndexSound(dir: string, disk: Disk): boolean {
  if (isDamageNoted(dir)) return false;
  const path = join(dir, "index.db");
  try {
    const index = new StoreIndex(path);
    try {
      if (statSync(path).size <= quickBytes && !quickCheck(index.database)) return false;
      const isEmpty = index.database.prepare("SELECT 1 FROM packs").get() === undefined;
      // One that was lost is made anew by SQLite, empty.
      return !isEmpty || disk.list(join(dir, "packs")).length === 0;
    } finally {
      index.close();
    }
  } catch (error) {
    if (isDamagedIndex(error)) return false;
    throw error;
  }
}

/**
 * Makes the index anew: objects from the packs; pins and journals from the damaged index, as far
 * as it can be read. It takes the place of the damaged one at the end; a crash begins it again.
 */
export function rebuildIndex(dir: string, disk: Disk): void {
  noteDamage(dir);
  const path = join(dir, "index.db");
  const [old, next] = [join(dir, "index.old.db"), join(dir, "index.new.db")];
  setAside(path, old);
  for (const end of ["", "-wal", "-shm"]) rmSync(next + end, { force: true });
  const index = new StoreIndex(next);
  try {
    fill(index, disk, join(dir, "packs"));
    const isWhole = salvageRows(index, old);
    if (!isWhole) index.setState("pins_lost", "1");
    index.database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
  } finally {
    index.close();
  }
  for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
  renameSync(next, path);
  disk.syncFolder(dir);
  for (const end of ["", "-wal"]) rmSync(old + end, { force: true });
  forgetDamage(dir);
  disk.syncFolder(dir);
}

/** A copy of what there is, unless an attempt that a crash cut has made it. */
function setAside(path: string, old: string): void {
  if (existsSync(old)) return;
  // The log first: where the copy of the index is, so is that of its log.
  for (const end of ["-wal", ""]) {
    if (!existsSync(path + end)) continue;
    copyFileSync(path + end, `${old}.copy`);
    renameSync(`${old}.copy`, old + end);
  }
}

function fill(index: StoreIndex, disk: Disk, dir: string): void {
  const known = new HashSet();
  const holders: { hash: string; holds: Buffer[] }[] = [];
  for (const { name } of disk.list(dir)) {
    const blocks: NewBlock[] = [];
    for (const { place, objects, raw } of readable(disk, join(dir, name))) {
      blocks.push({ pack: name, place, objects });
      for (const { hash, kind, offset, length } of objects) {
        known.add(Buffer.from(hash, "hex"));
        const holds = childrenOf(kind, raw.subarray(offset, offset + length));
        if (holds !== undefined) holders.push({ hash, holds });
      }
    }
    index.commit("", blocks, undefined);
  }
  // A crash leaves folders whose contents were never written: nobody may take them for whole.
  const torn = new Set<string>();
  for (let before = -1; before !== torn.size;) {
    before = torn.size;
    for (const { hash, holds } of holders) {
      const isTorn = holds.some((child) => !known.has(child) || torn.has(child.toString("hex")));
      if (isTorn) torn.add(hash);
    }
  }
  distrust(index, { bad: torn, broken: new Set(), sought: false }, () => false);
}

/** A pack that cannot be read holds nothing: its objects are damaged, the others are not. */
function* readable(disk: Disk, path: string): Generator<PackedBlock, void> {
  try {
    yield* scanPack(disk, path);
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
}

function childrenOf(kind: number, data: Buffer): Buffer[] | undefined {
  try {
    if (kind === kinds.tree) {
      return hashesIn(data).map(({ hash }) => Buffer.from(hash, "latin1"));
    }
    if (kind === kinds.chunks) {
      return decodeChunks(data).hashes.map((hash) => Buffer.from(hash, "hex"));
    }
  } catch {
    // Damaged: it hashes to what nobody asks for.
  }
  return undefined;
}

/** Copies what of the old index can be read. False when not all pins and journals could be. */
function salvageRows(index: StoreIndex, old: string): boolean {
  let isWhole = true;
  if (!existsSync(old)) return false;
  try {
    const database = new DatabaseSync(old);
    try {
      for (const table of kept) isWhole = copyTable(database, index, table) && isWhole;
      // One that SQLite made in the place of one that was lost has nothing to lose.
      if (database.prepare("SELECT 1 FROM packs").get() === undefined) isWhole = false;
    } finally {
      database.close();
    }
  } catch {
    return false;
  }
  return isWhole;
}

function copyTable(from: DatabaseSync, to: StoreIndex, table: (typeof kept)[number]): boolean {
  try {
    const rows = from.prepare(`SELECT * FROM ${table}`).iterate();
    for (const row of rows) {
      const columns = Object.keys(row);
      const marks = columns.map(() => "?").join(", ");
      to.database
        .prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(", ")}) VALUES (${marks})`)
        .run(...Object.values(row));
    }
    return quickCheck(from, table);
  } catch {
    return false;
  }
}
