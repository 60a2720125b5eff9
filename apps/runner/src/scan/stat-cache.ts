import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";

interface Known {
  dev: bigint;
  size: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  mode: number;
  hash: string;
  /** The scan that last asked for it. */
  scan: number;
}

const header = Buffer.from("CAIRNST\x01", "latin1");
// dev, ino, size, mtime, ctime: 8 each; mode 4; hash 32; CRC-32 4
const recordBytes = 80;

// A file is trusted only if it last changed this long before it was read: a later change within
// the same tick of the clock would leave its times as they are. The kernel's tick is ≤ 10 ms;
// filesystems that keep whole seconds show it by their zeros.
const tickNs = 20_000_000n;
const coarseTickNs = 2_000_000_000n;

/** What the files of one workspace hashed to when they were last read. Its loss costs a re-hash. */
export class StatCache {
  readonly #path: string | undefined;
  readonly #byInode = new Map<bigint, Known>();
  #fresh: [bigint, Known][] = [];
  #records = 0;
  #scan = 0;
  #used = 0;
  #rewrite = false;

  /** Without a path it lives in memory only. A file that does not read well counts as empty. */
  constructor(path?: string) {
    this.#path = path;
    if (path !== undefined) this.#load(path);
  }

  /** The cache of a workspace in a store's folder. */
  static of(storeDir: string, workspace: string): StatCache {
    const name = createHash("sha256").update(workspace).digest("hex").slice(0, 32);
    return new StatCache(join(storeDir, "cache", name));
  }

  /** Call before each scan of the whole workspace. */
  begin(): void {
    this.#scan += 1;
    this.#used = 0;
  }

  get(stat: BigIntStats): string | undefined {
    const known = this.#byInode.get(stat.ino);
    if (
      known === undefined ||
      known.ctimeNs !== stat.ctimeNs ||
      known.mtimeNs !== stat.mtimeNs ||
      known.size !== stat.size ||
      known.dev !== stat.dev ||
      known.mode !== Number(stat.mode)
    ) {
      return undefined;
    }
    if (known.scan !== this.#scan) this.#used += 1;
    known.scan = this.#scan;
    return known.hash;
  }

  /** `readAt` in milliseconds since 1970, taken before the content was read. */
  set(stat: BigIntStats, hash: string, readAt: number): void {
    const changed = stat.ctimeNs > stat.mtimeNs ? stat.ctimeNs : stat.mtimeNs;
    const tick = stat.ctimeNs % 1_000_000n === 0n ? coarseTickNs : tickNs;
    if (changed >= BigInt(Math.floor(readAt)) * 1_000_000n - tick) return;
    const known: Known = {
      dev: stat.dev,
      size: stat.size,
      mtimeNs: stat.mtimeNs,
      ctimeNs: stat.ctimeNs,
      mode: Number(stat.mode),
      hash,
      scan: this.#scan,
    };
    this.#used += 1;
    this.#byInode.set(stat.ino, known);
    this.#fresh.push([stat.ino, known]);
  }

  /** Call after a scan of the whole workspace that went well. */
  save(): void {
    if (this.#path === undefined) return;
    // Files that are gone, and older records of those that changed.
    const stale = this.#records + this.#fresh.length - this.#used;
    try {
      if (this.#rewrite || stale > this.#used + 1000) this.#writeAnew(this.#path);
      else if (this.#fresh.length > 0) appendFileSync(this.#path, encode(this.#fresh));
      this.#records += this.#fresh.length;
    } catch {
      // A full disk: it is only a cache, but what follows a torn record would be lost in it.
      this.#rewrite = true;
    }
    this.#fresh = [];
  }

  #writeAnew(path: string): void {
    for (const [ino, known] of this.#byInode) {
      if (known.scan !== this.#scan) this.#byInode.delete(ino);
    }
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const beside = `${path}.new`;
    writeFileSync(beside, Buffer.concat([header, encode([...this.#byInode])]), { mode: 0o600 });
    renameSync(beside, path);
    this.#records = this.#byInode.size;
    this.#fresh = [];
    this.#rewrite = false;
  }

  #load(path: string): void {
    try {
      const data = readFileSync(path);
      if (!data.subarray(0, header.length).equals(header)) throw new RangeError("not a cache");
      for (let at = header.length; at < data.length; at += recordBytes) {
        const record = data.subarray(at, at + recordBytes);
        const [ino, known] = decode(record);
        this.#byInode.set(ino, known);
        this.#records += 1;
      }
    } catch {
      // Missing, torn or foreign.
      this.#byInode.clear();
      this.#records = 0;
      this.#rewrite = true;
      rmSync(path, { force: true });
    }
  }
}

function encode(entries: [bigint, Known][]): Buffer {
  const data = Buffer.allocUnsafe(entries.length * recordBytes);
  let at = 0;
  for (const [ino, known] of entries) {
    data.writeBigUInt64LE(known.dev, at);
    data.writeBigUInt64LE(ino, at + 8);
    data.writeBigInt64LE(known.size, at + 16);
    data.writeBigInt64LE(known.mtimeNs, at + 24);
    data.writeBigInt64LE(known.ctimeNs, at + 32);
    data.writeUInt32LE(known.mode, at + 40);
    data.write(known.hash, at + 44, "hex");
    data.writeUInt32LE(crc32(data.subarray(at, at + recordBytes - 4)), at + recordBytes - 4);
    at += recordBytes;
  }
  return data;
}

function decode(record: Buffer): [bigint, Known] {
  const end = recordBytes - 4;
  // A record that a crash cut off throws here too.
  if (record.readUInt32LE(end) !== crc32(record.subarray(0, end))) throw new RangeError("torn");
  const known = {
    dev: record.readBigUInt64LE(0),
    size: record.readBigInt64LE(16),
    mtimeNs: record.readBigInt64LE(24),
    ctimeNs: record.readBigInt64LE(32),
    mode: record.readUInt32LE(40),
    hash: record.toString("hex", 44, end),
    scan: 0,
  };
  return [record.readBigUInt64LE(8), known];
}
