import { ProtocolError } from "@cairn/shared/errors";
import { codeOf } from "../fs.ts";
import { resultCode, sqliteFull } from "./sqlite.ts";

const sqliteError = 1;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

/** What a read gives when an object is gone or its bytes are not what its hash says. */
export function damaged(hash: string, why: string, cause?: unknown): ProtocolError {
  return new ProtocolError(
    "damaged",
    `A stored object is damaged (${hash.slice(0, 12)}: ${why}). Validate shows which checkpoints it breaks; the others stay usable.`,
    { details: { hash, why }, cause },
  );
}

/** Codes of a file that is gone or a medium that is bad; others tell of the machine's own state. */
const damages = new Set(["ENOENT", "EIO", "EUCLEAN", "EBADMSG", "ENODATA", "EISDIR", "ELOOP"]);

/** Whether an error of a read means that what was to be read is no longer there. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code === undefined || code.startsWith("ERR_") || code.startsWith("Z") || damages.has(code);
}

/** Where what was appended to a pack would go with it. */
export function removedPack(): ProtocolError {
  return new ProtocolError(
    "damaged",
    "A file of the snapshot store was removed while it was written to, so this was not stored. " +
      "Try again: it goes into another file. Then validate, which tells what is lost.",
  );
}

/** Where a pack cannot be read now, and most likely can be later. */
export function readError(error: unknown): ProtocolError {
  const why = error instanceof Error ? error.message : String(error);
  return new ProtocolError(
    "internal",
    `The snapshot store cannot be read now (${why}). Nothing is lost; see to that and try again.`,
    { cause: error },
  );
}

/** `SQLITE_IOERR_SHMSIZE`: the index's shared memory could not grow. */
const sqliteNoSharedMemory = 4874;

/** Whether it is for want of space that something could not be written. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("errcode" in error && error.errcode === sqliteNoSharedMemory) return true;
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EDQUOT" || resultCode(error) === sqliteFull;
}

/**
 * Whether a transaction that failed so is certainly not in the index's log. Where shared memory
 * could not grow, it may stand there whole, and be back after a kill.
 */
export function isUncommitted(error: unknown): boolean {
  const isUnsure =
    error instanceof Error && "errcode" in error && error.errcode === sqliteNoSharedMemory;
  return isDiskFull(error) && !isUnsure;
}

/** The error of the table for a failure of disk or index while the store was used. */
export function storeError(error: unknown): unknown {
  if (error instanceof ProtocolError || !(error instanceof Error)) return error;
  const result = resultCode(error);
  if (isDiskFull(error)) {
    return new ProtocolError(
      "store_full",
      "The disk that holds Cairn's data folder is full. Free some space there and try again; nothing that was kept is lost.",
      { details: { reason: "disk" }, cause: error },
    );
  }
  if (result === sqliteCorrupt || result === sqliteNotADatabase) return damagedIndex(error);
  return error;
}

/** Whether it tells that SQLite cannot make sense of the index, as this module says it. */
export function isDamagedIndex(error: unknown): boolean {
  return error instanceof ProtocolError && error.details?.["reason"] === "index";
}

/** The same for opening the index, where SQLite calls damage by many names. Always of the table. */
export function openError(error: unknown): ProtocolError {
  const known = storeError(error);
  if (known instanceof ProtocolError) return known;
  if (resultCode(known) === sqliteError) return damagedIndex(known);
  const why = known instanceof Error ? known.message : String(known);
  return new ProtocolError(
    "internal",
    `The snapshot store cannot be opened (${why}). Nothing is lost; check the disk of Cairn's data folder and start Cairn again.`,
    { cause: error },
  );
}

export function damagedIndex(cause?: unknown): ProtocolError {
  return new ProtocolError(
    "damaged",
    "The index of the snapshot store is damaged. Start Cairn again: it then makes the index anew from the packs.",
    { details: { reason: "index" }, cause },
  );
}

/**
 * The same for writes. Always of the table, so that a fault of the store's disk is never taken for
 * a fault of the file that was being stored.
 */
export function writeError(error: unknown): ProtocolError {
  const known = storeError(error);
  if (known instanceof ProtocolError) return known;
  const why = known instanceof Error ? known.message : String(known);
  return new ProtocolError(
    "internal",
    `The snapshot store could not be written (${why}). Nothing that was kept is lost; check the disk of Cairn's data folder and try again.`,
    { cause: error },
  );
}
