import { randomBytes } from "node:crypto";
import { closeSync, constants, fdatasyncSync, fstatSync, fsyncSync, openSync } from "node:fs";
import { writevSync } from "node:fs";
import { join } from "node:path";
import type { BlockPlace, Directory } from "./blocks.ts";
import { encodeBlock, packHeader, packRollBytes } from "./blocks.ts";
import type { StoreIndex } from "./store-index.ts";

interface OpenPack {
  name: string;
  fd: number;
  size: number;
}

/** Appends blocks to a pack that no other thread appends to. */
export class PackWriter {
  readonly #dir: string;
  readonly #index: StoreIndex;
  readonly #writer = randomBytes(12).toString("hex");
  #pack: OpenPack | undefined;
  #unsynced = false;
  #newNames = false;

  constructor(dir: string, index: StoreIndex) {
    this.#dir = dir;
    this.#index = index;
  }

  get writer(): string {
    return this.#writer;
  }

  /** Nothing is durable before `sync`. After an error call `abandon`. */
  append(directory: Directory, raw: Uint8Array): { pack: string; place: BlockPlace } {
    const pack = this.#open();
    const { head, data, codec } = encodeBlock(directory, raw);
    const place: BlockPlace = {
      offset: pack.size,
      codec,
      count: directory.length,
      raw: raw.length,
      stored: data.length,
    };
    this.#unsynced = true;
    writeAll(pack.fd, [head, data], pack.size);
    pack.size += head.length + data.length;
    return { pack: pack.name, place };
  }

  /** Makes every block that was appended durable. */
  sync(): void {
    if (this.#pack !== undefined && this.#unsynced) fdatasyncSync(this.#pack.fd);
    this.#unsynced = false;
    if (this.#newNames) syncFolder(this.#dir);
    this.#newNames = false;
  }

  /** Leaves the pack as it is: what was appended since the last commit is garbage in it. */
  abandon(): void {
    if (this.#pack !== undefined) closeSync(this.#pack.fd);
    this.#pack = undefined;
    this.#unsynced = false;
    this.#newNames = false;
  }

  close(): void {
    this.abandon();
    this.#index.releasePacks(this.#writer);
  }

  #open(): OpenPack {
    if (this.#pack !== undefined && this.#pack.size < packRollBytes) return this.#pack;
    if (this.#pack !== undefined) {
      if (this.#unsynced) fdatasyncSync(this.#pack.fd);
      closeSync(this.#pack.fd);
      this.#pack = undefined;
    }
    this.#pack = this.#reopen() ?? this.#create();
    return this.#pack;
  }

  /** A pack with room that nobody appends to. What a crash left behind its end stays as garbage. */
  #reopen(): OpenPack | undefined {
    const claimed = this.#index.claimPack(this.#writer, packRollBytes);
    if (claimed === undefined) return undefined;
    let fd: number | undefined;
    try {
      fd = openSync(join(this.#dir, claimed.name), constants.O_RDWR | constants.O_NOFOLLOW);
      const size = fstatSync(fd).size;
      // A shorter pack has lost committed blocks; validate reports those, nothing may cover it up.
      if (size >= claimed.bytes && size < packRollBytes) return { name: claimed.name, fd, size };
    } catch {
      // Gone or unreadable: reads of its objects say so. New blocks go into a new pack.
    }
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }

  #create(): OpenPack {
    const name = `${randomBytes(8).toString("hex")}.pack`;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = openSync(join(this.#dir, name), flags, 0o600);
    this.#newNames = true;
    this.#unsynced = true;
    writeAll(fd, [packHeader], 0);
    return { name, fd, size: packHeader.length };
  }
}

function writeAll(fd: number, parts: Uint8Array[], offset: number): void {
  let rest = parts;
  let at = offset;
  while (rest.length > 0) {
    let written = writevSync(fd, rest, at);
    at += written;
    rest = rest.flatMap((part) => {
      const taken = Math.min(written, part.length);
      written -= taken;
      return taken === part.length ? [] : [part.subarray(taken)];
    });
  }
}

/** Makes names that were made or removed in a folder durable. */
export function syncFolder(dir: string): void {
  const fd = openSync(dir, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
