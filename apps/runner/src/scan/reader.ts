import { constants } from "node:fs";
import type { ObjectStore } from "../store/objects.ts";
import type { ReadAt } from "../store/objects.ts";
import type { Bounds } from "./bounds.ts";
import { readRegularFile } from "./read-file.ts";
import type { TableFile } from "./file-table.ts";
import type { ScanFs, Stat } from "./scan-fs.ts";
import { isFile, isLink, stoodStill } from "./scan-fs.ts";
import type { Skipped } from "./skipped.ts";

const { S_IFMT, S_IFDIR, S_IFIFO, S_IFSOCK } = constants;
// Between two looks at a path it may become something else; a path that keeps doing so is skipped.
const tries = 3;

export interface ReaderOptions {
  fs: ScanFs;
  store: ObjectStore;
  /** Keep what is read, or only hash it. */
  storing: boolean;
  bounds: Bounds;
  skipped: Skipped;
  now: () => number;
  check?: () => void;
  /** After each read of a part of a file, with the file's bytes so far. */
  onRead?: (bytes: number) => void;
}

/** Reads files and links of a workspace, and nothing else. */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #readAt: ReadAt;

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { fs, check, onRead } = options;
    this.#readAt = (fd, into, offset, length, position) => {
      check?.();
      const read = fs.read(fd, into, offset, length, position);
      onRead?.(position + read);
      return read;
    };
  }

  /** As it is now; undefined for what is neither file nor link, which is noted. */
  read(place: string | Buffer, path: string, seen: Stat): TableFile | undefined {
    let stat = seen;
    for (let left = tries; left > 0; left -= 1) {
      if (!isFile(stat) && !isLink(stat)) {
        this.#special(path, stat);
        return undefined;
      }
      const read = isFile(stat) ? this.#file(place, path, stat) : this.#link(place, stat);
      if (read !== undefined) return read;
      stat = this.#options.fs.lstat(place);
    }
    this.#options.skipped.add(path, "changed_while_read");
    return undefined;
  }

  /** Undefined when it is no regular file any more. */
  #file(place: string | Buffer, path: string, seen: Stat): TableFile | undefined {
    const { fs, store, storing, bounds, skipped, now } = this.#options;
    bounds.checkFile(path, seen.size);
    const content = (fd: number, size: number): { hash: string; size: number } =>
      storing
        ? store.putFile(fd, size, this.#readAt)
        : { hash: store.hashFile(fd, size, this.#readAt), size };
    const read = readRegularFile(place, content, now, fs);
    if (read === undefined) return undefined;
    if (read.moved) skipped.add(path, "changed_while_read");
    const trusted = !read.moved && stoodStill(read.stat, read.readAt);
    return { ...read.result, stat: read.stat, trusted };
  }

  #link(place: string | Buffer, stat: Stat): TableFile {
    const { fs, store, storing, now } = this.#options;
    const readAt = now();
    const target = fs.readlink(place);
    const hash = storing ? store.putBlob(target) : store.hashBlob(target);
    return { stat, size: target.length, hash, trusted: stoodStill(stat, readAt) };
  }

  /** Never opened: a FIFO would wait, a device may act. */
  #special(path: string, { mode }: Stat): void {
    const type = mode & S_IFMT;
    const reason = type === S_IFIFO ? "fifo" : type === S_IFSOCK ? "socket" : "device";
    this.#options.skipped.add(path, type === S_IFDIR ? "changed_while_read" : reason);
  }
}
