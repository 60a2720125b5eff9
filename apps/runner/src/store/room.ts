import { constants } from "node:fs";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import type { Disk } from "./disk.ts";
import { writeAll } from "./disk.ts";
import { isDiskFull } from "./errors.ts";

const MiB = 1024 * 1024;
const mostReserved = 256 * MiB;
/** Of a large store, whose restores are larger, an eighth of its packs up to the second. */
const [leastReserve, mostReserve] = [2 * MiB, 16 * MiB];
/** With less than this free nobody waits for the disk to be full. */
const scarceBytes = 4 * MiB;
const leastFree = 64 * MiB;
const lookEvery = 8 * MiB;

/** The part of a limit that only restores, and what frees space, may use. */
function reservedOf(limit: number): number {
  return Math.min(mostReserved, Math.floor(limit / 16));
}

/** `restore` is all that a restore and its end need, and what lets go of things. */
export type Purpose = "capture" | "restore" | "collect";

/**
 * How much may still be stored. Captures stop short of the store's limit and of a full disk, so
 * that there is room left for a restore's safety snapshot and journal. Where others have filled
 * the disk, a file that is kept for nothing else makes room for all but captures.
 */
export class Room {
  readonly limit: number | null;
  readonly #disk: Disk;
  readonly #dir: string;
  #purpose: Purpose = "capture";
  #held = 0;
  #unseen = 0;

  constructor(disk: Disk, dir: string, limit: number | null) {
    this.#disk = disk;
    this.#dir = dir;
    this.limit = limit;
  }

  as<T>(purpose: Purpose, work: () => T): T {
    const before = this.#purpose;
    this.#purpose = purpose;
    if (purpose !== "capture") this.#open();
    try {
      return work();
    } finally {
      this.#purpose = before;
    }
  }

  /** Call before the first `take`, with the bytes of all packs. */
  begin(held: number): void {
    this.#held = held;
    this.#unseen = lookEvery;
  }

  /** Call before so many bytes are written: `store_full` where there is no room for them. */
  take(bytes: number): void {
    this.#held += bytes;
    this.check(this.#held);
    if (this.#purpose !== "capture") return;
    this.#unseen += bytes;
    if (this.#unseen < lookEvery) return;
    this.#unseen = 0;
    const { total, free } = this.#disk.room(this.#dir);
    if (free >= Math.min(leastFree, total / 32)) return;
    throw new ProtocolError(
      "store_full",
      "The disk that holds Cairn's data folder is almost full, so nothing more is captured. Free some space there, or delete old checkpoints for good, those in the trash too, and collect. Restore and undo still work.",
      { details: { reason: "disk", free_bytes: free } },
    );
  }

  /** `held`: the bytes that all packs take with what is about to be committed. */
  check(held: number): void {
    // Collecting takes a pack of space for a while, and then gives more.
    if (this.limit === null || this.#purpose === "collect") return;
    const capturing = this.#purpose === "capture";
    if (held <= this.limit - (capturing ? reservedOf(this.limit) : 0)) return;
    const still = capturing ? " Restore and undo still work." : "";
    throw new ProtocolError(
      "store_full",
      `The snapshot store has reached its limit of ${this.limit.toLocaleString("en")} bytes. Delete old checkpoints for good, those in the trash too, and collect, or start Cairn with a higher --store-limit.${still}`,
      { details: { reason: "limit", limit_bytes: this.limit, stored_bytes: held } },
    );
  }

  /** Bytes that captures may not use. */
  reserved(): number {
    if (this.limit !== null) return reservedOf(this.limit);
    return this.#disk.list(this.#dir).find(({ name }) => name === "reserve")?.bytes ?? 0;
  }

  /** Runs `work`; if the disk is full then, and this is no capture, again with the reserve given up. */
  making<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (this.#purpose === "capture" || !isDiskFull(error) || !this.#give()) throw error;
      return work();
    }
  }

  /** Sets aside what `making` gives up, where the disk has plenty; `held` as for `check`. */
  keep(held: number): void {
    const { total, free } = this.#disk.room(this.#dir);
    const reserve = Math.min(Math.max(Math.floor(held / 8), leastReserve), mostReserve);
    const wanted = Math.min(reserve, Math.floor(total / 16));
    const kept = this.#disk.list(this.#dir).find(({ name }) => name === "reserve")?.bytes ?? 0;
    if (kept >= wanted || free < 4 * wanted) return;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    const fd = this.#disk.open(join(this.#dir, "reserve"), flags, 0o600);
    try {
      // Written, since a hole takes no space; not all zeros, which some disks do not store.
      const piece = Buffer.alloc(Math.min(MiB, wanted), "kept free for restores ");
      for (let at = 0; at < wanted; at += piece.length) {
        writeAll(this.#disk, fd, [piece.subarray(0, wanted - at)], at);
      }
    } finally {
      this.#disk.close(fd);
    }
  }

  /**
   * On a disk that is all but full the reserve is given up ahead: the server's own database needs
   * room for a restore too, and cannot ask for it.
   */
  #open(): void {
    const { total, free } = this.#disk.room(this.#dir);
    if (free < Math.min(scarceBytes, Math.floor(total / 16))) this.#give();
  }

  #give(): boolean {
    try {
      this.#disk.unlink(join(this.#dir, "reserve"));
      return true;
    } catch {
      return false;
    }
  }
}
