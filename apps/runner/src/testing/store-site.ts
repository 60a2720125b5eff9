import { createCipheriv, createHash } from "node:crypto";
import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import type { Store, StoreOptions } from "../store/store.ts";
import { openStore } from "../store/store.ts";

/** A store in a temporary folder, or in one of the parent's. */
export class StoreSite {
  readonly dir: string;
  store: Store;

  constructor(parent = tmpdir(), options: StoreOptions = {}) {
    this.dir = mkdtempSync(join(parent, "cairn-store-"));
    this.store = openStore(this.dir, options);
  }

  [Symbol.dispose](): void {
    this.store.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  reopen(options: StoreOptions = {}): void {
    this.store.close();
    this.store = openStore(this.dir, options);
  }

  packs(): string[] {
    return readdirSync(join(this.dir, "packs")).map((name) => join(this.dir, "packs", name));
  }

  onlyPack(): string {
    const [pack, ...more] = this.packs();
    if (pack === undefined || more.length > 0) throw new Error("there is not one pack");
    return pack;
  }

  content(hash: string): Buffer {
    return Buffer.concat([...this.store.readBlob(hash)]);
  }
}

/** A folder in memory where there is such a place: what needs no disk that syncs. */
export function memoryDir(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

/** The code of the error of the table that `work` throws, or `none`. */
export function errorCode(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code;
  }
  return "none";
}
/** Bytes that do not compress, the same for the same seed. */
export function noise(length: number, seed = "a"): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}
