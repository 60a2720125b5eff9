import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { join } from "node:path";
import type { BlockPlace, Directory } from "./blocks.ts";
import { encodeBlock, packHeader, release } from "./blocks.ts";
import { Claims, youngEnding } from "./claims.ts";
import type { Disk } from "./disk.ts";
import { writeAll } from "./disk.ts";
import type { Room } from "./room.ts";
import type { StoreIndex } from "./store-index.ts";

interface OpenPack {
  name: string;
  fd: number;
  size: number;
  /** End of what the index knows of it, 0 while it knows nothing. */
  committed: number;
}

export interface PackWriterOptions {
  disk: Disk;
  dir: string;
  index: StoreIndex;
  room: Room;
  /** A pack that holds so much is followed by another. */
  rollBytes: number;
  /** Whether it writes young packs. */
  young: boolean;
}

/** Appends blocks to a pack that no other thread appends to. */
export class PackWriter {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #index: StoreIndex;
  readonly #claims: Claims;
  readonly #room: Room;
  readonly #rollBytes: number;
  readonly #young: boolean;
  readonly #writer = randomBytes(12).toString("hex");
  #pack: OpenPack | undefined;
  /** Packs that were filled since the last commit. */
  #full: { name: string; committed: number }[] = [];
  #appending = false;
  #newNames = false;
  #written = 0;

  constructor({ disk, dir, index, room, rollBytes, young }: PackWriterOptions) {
    this.#disk = disk;
    this.#dir = dir;
    this.#index = index;
    this.#claims = new Claims(index);
    this.#room = room;
    this.#rollBytes = rollBytes;
    this.#young = young;
  }

  get writer(): string {
    return this.#writer;
  }

  /** Bytes that it has put on the disk, of blocks and of new packs. */
  get written(): number {
    return this.#written;
  }

  /** Nothing is durable before `sync`. After an error call `abandon`. */
  append(
    directory: Directory,
    raw: Uint8Array,
    thorough = false,
  ): { pack: string; place: BlockPlace } {
    const { head, data, codec } = encodeBlock(directory, raw, thorough);
    const { pack, offset } = this.appendWhole([head, data]);
    const stored = data.length;
    if (data !== raw) release(data);
    return { pack, place: { offset, codec, count: directory.length, raw: raw.length, stored } };
  }

  /** Appends a block as it stands in another pack. */
  appendWhole(parts: Uint8Array[]): { pack: string; offset: number } {
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    const pack = this.#begin();
    const offset = pack.size;
    this.#room.take(bytes);
    this.#room.making(() => writeAll(this.#disk, pack.fd, parts, offset));
    pack.size += bytes;
    this.#written += bytes;
    return { pack: pack.name, offset };
  }

  /** Makes every block that was appended durable. */
  sync(): void {
    if (this.#pack !== undefined && this.#appending) this.#disk.sync(this.#pack.fd);
    if (this.#newNames) this.#disk.syncFolder(this.#dir);
    this.#newNames = false;
  }

  /** Call once the index has committed what was appended. */
  committed(): void {
    if (this.#pack !== undefined) this.#pack.committed = this.#pack.size;
    this.#full = [];
    this.#appending = false;
  }

  /**
   * Takes back what was appended since the last commit, of which the index knows nothing. True if
   * there was any: what is appended next may stand where that stood.
   */
  discard(): boolean {
    if (!this.#appending) return false;
    try {
      const pack = this.#pack;
      for (const { name, committed } of this.#full) this.#cutByName(name, committed);
      if (pack === undefined) return true;
      if (pack.committed === 0) {
        this.#disk.unlink(join(this.#dir, pack.name));
        this.#pack = undefined;
        this.#disk.close(pack.fd);
      } else {
        this.#disk.truncate(pack.fd, pack.committed);
        pack.size = pack.committed;
      }
    } catch {
      // It is garbage then, which collecting finds.
      this.abandon();
    } finally {
      this.#full = [];
      this.#appending = false;
      this.#newNames = false;
    }
    return true;
  }

  /** Leaves the pack as it is: what was appended since the last commit is garbage in it. */
  abandon(): void {
    const pack = this.#pack;
    this.#pack = undefined;
    this.#full = [];
    this.#appending = false;
    this.#newNames = false;
    if (pack === undefined) return;
    try {
      this.#disk.close(pack.fd);
    } catch {
      // It is closed all the same.
    }
  }

  /** Lets others append to the pack. */
  close(): void {
    this.discard();
    this.abandon();
    this.#claims.release(this.#writer);
  }

  #begin(): OpenPack {
    if (!this.#appending) {
      // Collecting may have taken the pack since the last commit.
      if (this.#pack !== undefined && !this.#claims.holds(this.#pack.name, this.#writer)) {
        this.abandon();
      }
      this.#room.begin(this.#index.packedBytes());
      this.#appending = true;
    }
    if (this.#pack !== undefined && this.#pack.size < this.#rollBytes) return this.#pack;
    if (this.#pack !== undefined) {
      const { fd, name, committed } = this.#pack;
      this.#full.push({ name, committed });
      this.#disk.sync(fd);
      this.#pack = undefined;
      this.#disk.close(fd);
    }
    this.#pack = this.#reopen() ?? this.#create();
    return this.#pack;
  }

  /** A pack with room that nobody appends to. What a crash left behind its end stays as garbage. */
  #reopen(): OpenPack | undefined {
    const claimed = this.#claims.take(this.#writer, this.#rollBytes, this.#young);
    if (claimed === undefined) return undefined;
    let fd: number | undefined;
    try {
      fd = this.#disk.open(join(this.#dir, claimed.name), constants.O_RDWR | constants.O_NOFOLLOW);
      const size = this.#disk.size(fd);
      // A shorter pack has lost committed blocks; validate reports those, nothing may cover it up.
      if (size >= claimed.bytes && size < this.#rollBytes) {
        return { name: claimed.name, fd, size, committed: size };
      }
    } catch {
      // Gone or unreadable: reads of its objects say so. New blocks go into a new pack.
    }
    if (fd !== undefined) this.#disk.close(fd);
    return undefined;
  }

  #create(): OpenPack {
    const name = `${randomBytes(8).toString("hex")}${this.#young ? youngEnding : ".pack"}`;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = this.#room.making(() => this.#disk.open(join(this.#dir, name), flags, 0o600));
    this.#newNames = true;
    this.#pack = { name, fd, size: packHeader.length, committed: 0 };
    this.#room.take(packHeader.length);
    this.#room.making(() => writeAll(this.#disk, fd, [packHeader], 0));
    this.#written += packHeader.length;
    return this.#pack;
  }

  #cutByName(name: string, committed: number): void {
    const path = join(this.#dir, name);
    if (committed === 0) {
      this.#disk.unlink(path);
      return;
    }
    const fd = this.#disk.open(path, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      this.#disk.truncate(fd, committed);
    } finally {
      this.#disk.close(fd);
    }
  }
}
