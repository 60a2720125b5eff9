import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { resultCode, sqliteBusy } from "./sqlite.ts";

const enterMs = 30_000;
/** How long those who come are kept waiting by somebody who wants to be alone, at most. */
export const aloneMs = 20;

const restMs = 200;
const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Call before trying again to be alone: whoever comes is not to wait time after time. */
export function restBetween(): void {
  Atomics.wait(pause, 0, 0, restMs);
}

/** Why a step of collecting ended: it was time to, or somebody is inside. */
export type Pause = void | "busy";

/**
 * The store-wide lock between what stores and what collects. Any number of threads may be inside:
 * each relies on objects that it saw in the index. Whoever is alone may take objects away. It is
 * SQLite's lock on an empty file of its own, which ends with the thread or process that holds it.
 */
export class Gate {
  readonly #database: DatabaseSync;
  readonly #look: StatementSync;
  #inside = false;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: enterMs });
    try {
      this.#look = this.#database.prepare("SELECT 1 FROM sqlite_master");
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get isInside(): boolean {
    return this.#inside;
  }

  /** Waits while somebody is alone, which takes some tens of milliseconds. */
  enter(): void {
    if (this.#inside) return;
    this.#database.exec("BEGIN");
    try {
      // Only a first read takes the lock.
      this.#look.get();
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
    this.#inside = true;
  }

  leave(): void {
    if (!this.#inside) return;
    this.#inside = false;
    this.#database.exec("ROLLBACK");
  }

  /** Runs `work` while nobody is inside. False, without running it, if somebody stays for `waitMs`. */
  alone(waitMs: number, work: () => void): boolean {
    if (this.#inside) throw new Error("whoever is inside cannot be alone");
    this.#database.exec(`PRAGMA busy_timeout = ${waitMs}`);
    try {
      this.#database.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      if (resultCode(error) === sqliteBusy) return false;
      throw error;
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${enterMs}`);
    }
    try {
      work();
    } finally {
      this.#database.exec("ROLLBACK");
    }
    return true;
  }

  close(): void {
    this.#inside = false;
    this.#database.close();
  }
}
