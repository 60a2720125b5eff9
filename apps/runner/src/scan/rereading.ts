import { readFileSync, writeFileSync } from "node:fs";
import { chunkBytes, encodeChunks, wholeFileBytes } from "../store/encoding.ts";
import { hashObject } from "../store/hashing.ts";
import type { ObjectStore } from "../store/objects.ts";
import { listingOf, namesIn } from "./entry-names.ts";
import { pathOf, placeOf } from "./places.ts";
import { readRegularFile } from "./read-file.ts";
import type { Folder } from "./remembered.ts";
import type { ScanFs, Stat } from "./scan-fs.ts";
import { isLink, isSame, realScanFs } from "./scan-fs.ts";
import type { StatCache } from "./stat-cache.ts";

const dayMs = 24 * 3_600_000;

interface Place {
  folder: Folder;
  path: string;
  place: string | Buffer;
}

/** A large file on its way: it is read a chunk a step. */
interface Large {
  place: string | Buffer;
  stat: Stat;
  hashes: string[];
  at: number;
}

export interface RereadingOptions {
  store: ObjectStore;
  cache: StatCache;
  workspace: string;
  /** Where it is noted when everything was read last, and how far it is. */
  path: string;
  fs?: ScanFs;
  now?: () => number;
}

/**
 * Reads everything again once a day, a little at a time while nobody waits: stats can lie. What is
 * written through a memory map after its page was last synced changes no time, and disks have
 * defects. What turns out to be other than it is known is read by the next scan.
 */
export class Rereading {
  readonly #options: RereadingOptions;
  readonly #fs: ScanFs;
  readonly #now: () => number;
  /** When the last round ended; null when that is not known. */
  #doneAt: number | null = null;
  /** The folder that comes next, where a round is under way. */
  #next: string | null = null;
  #round: Generator<void, void> | undefined;

  constructor(options: RereadingOptions) {
    this.#options = options;
    this.#fs = options.fs ?? realScanFs;
    this.#now = options.now ?? Date.now;
    try {
      const { done_at, next } = JSON.parse(readFileSync(options.path, "utf8")) as Noted;
      this.#doneAt = typeof done_at === "number" ? done_at : null;
      this.#next = typeof next === "string" ? next : null;
    } catch {
      // Missing or torn: a round too many does no harm.
    }
  }

  /** Call when everything was just read: the next round begins in a day. */
  begin(): void {
    this.#note(this.#now(), null);
  }

  /** Goes on for so long, in milliseconds, or a file more. Whether there is more to do now. */
  slice(ms: number): boolean {
    const root = this.#options.cache.root;
    if (root === undefined) return false;
    if (this.#round === undefined) {
      const age = this.#now() - (this.#doneAt ?? Number.NEGATIVE_INFINITY);
      // A clock that was put back would otherwise put the next round off for ever.
      if (this.#next === null && age >= 0 && age < dayMs) return false;
      this.#round = this.#readAll(placesIn(root, this.#options.workspace));
    }
    const end = performance.now() + ms;
    while (performance.now() < end) {
      if (this.#round.next().done === true) {
        this.#round = undefined;
        this.#note(this.#now(), null);
        return false;
      }
    }
    return true;
  }

  /** Notes how far it is. */
  pause(): void {
    if (this.#round !== undefined) this.#note(this.#doneAt, this.#next);
  }

  *#readAll(places: Place[]): Generator<void, void> {
    const from = places.findIndex(({ path }) => path === this.#next);
    for (const at of places.slice(Math.max(from, 0))) {
      this.#next = at.path;
      this.#list(at);
      yield;
      for (let i = 0; i < at.folder.files.length; i += 1) yield* this.#file(at, i);
    }
  }

  #list({ folder, path, place }: Place): void {
    try {
      if (!folder.trusted || !isSame(this.#fs.lstat(place), folder.stat)) return;
      const isSameListing = listingOf(namesIn(place, this.#fs)) === folder.listing;
      // Looked at before and after: it may be changing just now.
      if (isSameListing || !isSame(this.#fs.lstat(place), folder.stat)) return;
      this.#options.cache.distrust(path);
    } catch {
      // The next scan notes what cannot be read.
    }
  }

  *#file({ folder, path, place }: Place, i: number): Generator<void, void> {
    const name = folder.files.names[i] ?? "";
    try {
      const isOther = yield* this.#isOther(folder, i, placeOf(place, name));
      if (isOther) this.#options.cache.distrust(path, name);
    } catch {
      // The next scan notes what cannot be read.
    }
    yield;
  }

  /** Whether a file holds something else, though its stat stands. */
  *#isOther({ files }: Folder, i: number, place: string | Buffer): Generator<void, boolean> {
    const stat = this.#fs.lstat(place);
    // One that changed is read by the next scan anyway.
    if (!files.stands(i, stat)) return false;
    const hash = yield* this.#hash(place, stat);
    return hash !== files.hashAt(i) && files.stands(i, this.#fs.lstat(place));
  }

  *#hash(place: string | Buffer, stat: Stat): Generator<void, string> {
    const { store } = this.#options;
    if (isLink(stat)) return store.hashBlob(this.#fs.readlink(place));
    if (stat.size <= wholeFileBytes) {
      const content = (fd: number, size: number): string =>
        store.hashFile(fd, size, (...args) => this.#fs.read(...args));
      return readRegularFile(place, content, this.#now, this.#fs)?.result ?? "";
    }
    const large: Large = { place, stat, hashes: [], at: 0 };
    while (large.at < stat.size) {
      this.#chunk(large);
      yield;
    }
    return hashObject("chunks", encodeChunks({ size: stat.size, hashes: large.hashes }));
  }

  #chunk(large: Large): void {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, large.stat.size - large.at));
    const fd = this.#fs.open(large.place);
    try {
      let read = 0;
      while (read < chunk.length) {
        const n = this.#fs.read(fd, chunk, read, chunk.length - read, large.at + read);
        if (n === 0) break;
        read += n;
      }
    } finally {
      this.#fs.close(fd);
    }
    large.hashes.push(hashObject("blob", chunk));
    large.at += chunk.length;
  }

  #note(doneAt: number | null, next: string | null): void {
    this.#doneAt = doneAt;
    this.#next = next;
    try {
      const noted: Noted = { done_at: doneAt, next };
      writeFileSync(this.#options.path, JSON.stringify(noted), { mode: 0o600 });
    } catch {
      // A full disk: the round begins anew after a restart.
    }
  }
}

interface Noted {
  done_at: number | null;
  next: string | null;
}

/** Every folder, each before those in it. */
function placesIn(root: Folder, workspace: string): Place[] {
  const places: Place[] = [];
  const visit = (folder: Folder, path: string, place: string | Buffer): void => {
    places.push({ folder, path, place });
    for (const inner of folder.folders) {
      visit(inner, pathOf(path, inner.name), placeOf(place, inner.name));
    }
  };
  visit(root, "", workspace);
  return places;
}
