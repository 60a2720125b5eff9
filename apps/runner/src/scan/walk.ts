import type { BigIntStats } from "node:fs";
import { constants, lstatSync, readlinkSync } from "node:fs";
import { ProtocolError } from "@cairn/shared/errors";
import type { LeftOut } from "@cairn/shared/files";
import type { WorkHooks } from "../cancelling.ts";
import { codeOf } from "../fs.ts";
import type { Rules } from "../runner.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import type { Name } from "./entry-names.ts";
import { namesIn } from "./entry-names.ts";
import { Bounds } from "./bounds.ts";
import { readFolderPatterns } from "./folder-patterns.ts";
import { wirePath } from "./paths.ts";
import { readRegularFile } from "./read-file.ts";
import type { Layer, Standing } from "./rules.ts";
import { isForbidden, RuleSet } from "./rules.ts";
import { Skipped } from "./skipped.ts";
import type { StatCache } from "./stat-cache.ts";

export interface WalkOptions extends WorkHooks {
  workspace: string;
  rules: Rules;
  store: boolean;
  cache: StatCache | null;
  /** Milliseconds since 1970 by the clock that the filesystem stamps files with. */
  now?: () => number;
}

const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK } = constants;
const maxLeftOut = 1000;
const progressFiles = 512;
// Between two looks at a path it may become something else; a path that keeps doing so is skipped.
const tries = 3;

interface Folder {
  path: string;
  layer: Layer | undefined;
  standing: Standing;
}

/** One reading of a whole workspace into trees. Paths are byte strings. */
export class Walk {
  readonly rules: RuleSet;
  readonly skipped = new Skipped();
  readonly bounds: Bounds;
  readonly trees = new Map<string, TreeEntry[]>();
  readonly leftOut: LeftOut[] = [];
  readonly #store: ObjectStore;
  readonly #options: WalkOptions;
  readonly #now: () => number;

  constructor(store: ObjectStore, options: WalkOptions) {
    this.#store = store;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.rules = new RuleSet(options.rules);
    this.bounds = new Bounds(options.rules.limits);
  }

  /** Hash of the root folder. */
  run(): string {
    const { workspace, cache } = this.#options;
    cache?.begin();
    const root = this.#folder(workspace, { path: "", layer: undefined, standing: "captured" });
    if (root === undefined) {
      throw new ProtocolError(
        "workspace_unavailable",
        `The folder ${workspace} cannot be read (${this.skipped.reason("") ?? "gone"}). Bring it back, or allow this user to read it, and try again.`,
      );
    }
    return root.hash;
  }

  #folder(
    abs: string | Buffer,
    folder: Folder,
  ): { entries: TreeEntry[]; hash: string } | undefined {
    const names = this.#attempt(folder.path, () => namesIn(abs));
    if (names === undefined) return undefined;
    const layer = this.#layerIn(folder, names);
    const inside = { ...folder, layer };
    const entries: TreeEntry[] = [];
    const unread: [TreeEntry, Name, string][] = [];
    for (const name of names) {
      if (isForbidden(name.key)) continue;
      this.#options.check?.();
      const path = folder.path === "" ? name.key : `${folder.path}/${name.key}`;
      const found = this.#attempt(path, () => this.#entry(name, path, inside));
      if (found === undefined) continue;
      entries.push(found.entry);
      if (found.cached) unread.push([found.entry, name, path]);
    }
    let hash = this.#store.hashTree(entries);
    if (this.#options.store && !this.#store.has(hash)) {
      this.#readMissing(entries, unread);
      hash = this.#store.putTree(entries);
    }
    this.trees.set(hash, entries);
    return { entries, hash };
  }

  /** The cache may know a content that the store does not hold: it was only hashed, or collected. */
  #readMissing(entries: TreeEntry[], unread: [TreeEntry, Name, string][]): void {
    for (const [entry, name, path] of unread) {
      this.#options.check?.();
      if (this.#store.has(entry.hash)) continue;
      const stat = this.#attempt(path, () => lstatSync(name.path, { bigint: true }));
      const read = stat && this.#attempt(path, () => this.#content(name, path, stat, true));
      if (read === undefined) entries.splice(entries.indexOf(entry), 1);
      else Object.assign(entry, read.entry);
    }
  }

  #layerIn(folder: Folder, names: Name[]): Layer | undefined {
    if (folder.standing !== "captured") return folder.layer;
    const patterns = readFolderPatterns(folder.path, names, this.#now);
    return patterns === undefined ? folder.layer : this.rules.add(patterns, folder.layer);
  }

  #entry(name: Name, path: string, folder: Folder): Found | undefined {
    const stat = lstatSync(name.path, { bigint: true });
    const isDir = typeOf(stat) === S_IFDIR;
    const { standing, why } = this.rules.judge(
      folder.standing,
      folder.layer,
      path,
      name.key,
      isDir,
    );
    if (standing === "ignored") {
      if (why !== undefined) this.#leaveOut(path, why, isDir ? null : Number(stat.size));
      if (!isDir || !this.rules.mayInclude(path)) return undefined;
    }
    if (!isDir) return this.#content(name, path, stat, false);
    const inside = this.#folder(name.path, { path, layer: folder.layer, standing });
    if (inside === undefined || (standing === "ignored" && inside.entries.length === 0)) {
      return undefined;
    }
    const mode = Number(stat.mode) & 0o777;
    const entry = {
      name: name.bytes,
      kind: "directory",
      mode,
      size: 0,
      hash: inside.hash,
    } as const;
    return { entry, cached: false };
  }

  /** A file or link as it is now, `again` if it was counted before; anything else is skipped. */
  #content(name: Name, path: string, seen: BigIntStats, again: boolean): Found | undefined {
    let stat = seen;
    for (let left = tries; left > 0; left -= 1) {
      const type = typeOf(stat);
      const found =
        type === S_IFREG
          ? this.#file(name, path, stat, again)
          : type === S_IFLNK
            ? this.#link(name, stat, again)
            : this.#special(path, type);
      if (found === null) return undefined;
      if (found !== undefined) {
        if (!again) this.#count(path, found.entry.size);
        return found;
      }
      stat = lstatSync(name.path, { bigint: true });
    }
    this.skipped.add(path, "changed_while_read");
    return undefined;
  }

  /** Undefined when it is no regular file any more. */
  #file(name: Name, path: string, stat: BigIntStats, again: boolean): Found | undefined {
    const { cache, store } = this.#options;
    this.bounds.checkFile(path, Number(stat.size));
    const known = again ? undefined : cache?.get(stat);
    if (known !== undefined) {
      return { entry: fileEntry(name, Number(stat.mode), Number(stat.size), known), cached: true };
    }
    const read = readRegularFile(
      name.path,
      (fd, size) =>
        store ? this.#store.putFile(fd, size) : { hash: this.#store.hashFile(fd, size), size },
      this.#now,
    );
    if (read === undefined) return undefined;
    const { hash, size } = read.result;
    if (read.moved) this.skipped.add(path, "changed_while_read");
    else cache?.set(read.stat, hash, read.readAt);
    return { entry: fileEntry(name, Number(read.stat.mode), size, hash), cached: false };
  }

  #link(name: Name, stat: BigIntStats, again: boolean): Found {
    const { cache, store } = this.#options;
    const entry = { name: name.bytes, kind: "symlink", mode: 0, size: Number(stat.size) } as const;
    const known = again ? undefined : cache?.get(stat);
    if (known !== undefined) return { entry: { ...entry, hash: known }, cached: true };
    const readAt = this.#now();
    const target = readlinkSync(name.path, "buffer");
    const hash = store ? this.#store.putBlob(target) : this.#store.hashBlob(target);
    cache?.set(stat, hash, readAt);
    return { entry: { ...entry, size: target.length, hash }, cached: false };
  }

  /** Never opened: a FIFO would wait, a device may act. */
  #special(path: string, type: number): null {
    const reason = type === S_IFIFO ? "fifo" : type === S_IFSOCK ? "socket" : "device";
    this.skipped.add(path, type === S_IFDIR ? "changed_while_read" : reason);
    return null;
  }

  #count(path: string, size: number): void {
    this.bounds.add(path, size);
    const { files } = this.bounds;
    if (files % progressFiles !== 0) return;
    const phase = this.#options.store ? "store" : "scan";
    this.#options.onProgress?.({ phase, done: files, total: null });
  }

  #leaveOut(path: string, why: string, bytes: number | null): void {
    if (this.leftOut.length >= maxLeftOut) return;
    this.leftOut.push({ ...wirePath(Buffer.from(path, "latin1")), why, bytes });
  }

  /** Undefined when the path is gone, or cannot be read, which is noted. */
  #attempt<T>(path: string, work: () => T | undefined): T | undefined {
    try {
      return work();
    } catch (error) {
      const reason = unreadable(error);
      if (reason === undefined) throw error;
      if (reason !== "gone" || path === "") this.skipped.add(path, reason);
      return undefined;
    }
  }
}

interface Found {
  entry: TreeEntry;
  /** The hash comes from the cache: the content was not read now. */
  cached: boolean;
}

function typeOf(stat: BigIntStats): number {
  return Number(stat.mode) & S_IFMT;
}

function fileEntry(name: Name, mode: number, size: number, hash: string): TreeEntry {
  const kind = (mode & 0o100) === 0 ? "file" : "executable";
  return { name: name.bytes, kind, mode: mode & 0o777, size, hash };
}

/** Why a path could not be read; undefined for what is no fault of the path. */
function unreadable(error: unknown): string | undefined {
  if (error instanceof ProtocolError) return undefined;
  switch (codeOf(error)) {
    case "ENOENT":
      return "gone";
    case "EACCES":
    case "EPERM":
      return "permission_denied";
    case "ENAMETOOLONG":
      return "name_too_long";
    case "ELOOP":
    case "ENOTDIR":
    case "EINVAL":
      return "changed_while_read";
    case "EIO":
    case "ESTALE":
    case "ENXIO":
    case "ETIMEDOUT":
    case "EREMOTEIO":
    case "EBUSY":
    case "EUCLEAN":
      return "io_error";
    default:
      return undefined;
  }
}
