import { constants } from "node:fs";
import { dirname } from "node:path";
import type { Fs } from "../fs.ts";
import { codeOf } from "../fs.ts";
import type { ObjectStore } from "../store/objects.ts";
import type { Content, Seen } from "./content.ts";
import { look } from "./content.ts";
import { aboutPath } from "./failures.ts";
import { Folders, isWayLost, nameOf, parentOf } from "./folders.ts";
import type { RestoreJournal } from "./journal.ts";
import { Staging } from "./staging.ts";

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Filesystems without hard links say one of these. */
const linkless = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

/** The workspace of one restore: the few ways in which anything in it is changed. */
export class Site {
  readonly fs: Fs;
  readonly store: ObjectStore;
  readonly journal: RestoreJournal;
  readonly staging: Staging;
  readonly folders: Folders;
  readonly #touched = new Set<string>();

  constructor(fs: Fs, store: ObjectStore, journal: RestoreJournal) {
    this.fs = fs;
    this.store = store;
    this.journal = journal;
    this.staging = new Staging(journal);
    this.folders = new Folders(fs, journal.root.path);
  }

  release(): void {
    this.folders.release();
  }

  look(path: Buffer): Seen {
    return look(this.fs, this.store, this.folders, path);
  }

  /** Whether anything stands at the path. */
  stands(path: Buffer): boolean {
    try {
      return this.fs.lstat(this.folders.place(path)) !== undefined;
    } catch (error) {
      if (isWayLost(error)) return false;
      throw error;
    }
  }

  /** Whether a path stands byte for byte: some disks take other spellings of it for the same. */
  spells(path: Buffer): boolean {
    for (let at = path; at.length > 0; at = parentOf(at)) {
      const folder = parentOf(at);
      const name = nameOf(at);
      const standing = this.fs.readdir(this.folders.contents(folder));
      if (!standing.some((other) => other.equals(name))) return false;
    }
    return true;
  }

  /** Whether both names are of one file. */
  isSameFile(a: Buffer, b: Buffer): boolean {
    const [one, other] = [a, b].map((path) => this.fs.lstat(this.folders.place(path)));
    return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
  }

  /**
   * Writes content into a name that must be free, with its final mode. Gives the descriptor of a
   * file, whose bytes are on the disk only once it is synced; null for a link.
   */
  write(path: Buffer, content: Content): number | null {
    const place = this.folders.place(path);
    this.#touch(path);
    if (content.kind === "symlink") {
      this.fs.symlink(Buffer.concat([...this.store.readBlob(content.hash)]), place);
      return null;
    }
    // Nobody else may read it before it has its own mode.
    const fd = this.fs.open(place, newFile, 0o600);
    try {
      for (const piece of this.store.readBlob(content.hash)) this.#writeAll(fd, piece);
      this.fs.fchmod(fd, content.mode);
      return fd;
    } catch (error) {
      this.fs.close(fd);
      throw error;
    }
  }

  #writeAll(fd: number, data: Uint8Array): void {
    for (let at = 0; at < data.length;) {
      const written = this.fs.write(fd, data.subarray(at));
      if (written === 0) throw Object.assign(new Error("nothing was written"), { code: "EIO" });
      at += written;
    }
  }

  /** Moves within the workspace, over what stands at `to`. False when there is nothing to move. */
  move(from: Buffer, to: Buffer): boolean {
    const [source, target] = [this.folders.place(from), this.folders.place(to)];
    this.#touch(from, to);
    try {
      this.fs.rename(source, target);
      return true;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  /** Moves to a place that must be free. False when something stands there: it stays as it is. */
  moveToFree(from: Buffer, to: Buffer): boolean {
    const [source, target] = [this.folders.place(from), this.folders.place(to)];
    this.#touch(from, to);
    try {
      this.fs.link(source, target);
    } catch (error) {
      const code = codeOf(error) ?? "";
      if (code === "EEXIST") return false;
      if (!linkless.has(code)) throw error;
      if (this.fs.lstat(target) !== undefined) return false;
      this.fs.rename(source, target);
      return true;
    }
    this.fs.unlink(source);
    return true;
  }

  /** Removes a file or link, if it is there. */
  drop(path: Buffer): void {
    try {
      const place = this.folders.place(path);
      const kind = this.fs.lstat(place)?.kind;
      // A folder under one of our names is a person's work that could not be put back.
      if (kind === undefined || kind === "directory") return;
      this.#touch(path);
      this.fs.unlink(place);
    } catch (error) {
      if (!isWayLost(error)) throw error;
    }
  }

  /** Makes a folder that only we can use until it gets its mode. False when one stands there. */
  makeFolder(path: Buffer, mode: number): boolean {
    const place = this.folders.place(path);
    // A folder that is gone may be held under this name, on a disk that takes both for the same.
    this.folders.forget(path);
    this.#touch(path);
    try {
      this.fs.mkdir(place, 0o700);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      return false;
    }
    this.setMode(path, mode | 0o700);
    return true;
  }

  /** Removes a folder. False when it is kept alive by what is in it, or something mounted. */
  removeFolder(path: Buffer): boolean {
    let place: Buffer;
    try {
      place = this.folders.place(path);
    } catch (error) {
      if (isWayLost(error)) return true;
      throw error;
    }
    this.folders.forget(path);
    this.#touch(path);
    try {
      this.fs.rmdir(place);
      return true;
    } catch (error) {
      const code = codeOf(error) ?? "";
      if (code === "ENOENT") return true;
      if (["ENOTEMPTY", "EEXIST", "EBUSY", "ENOTDIR"].includes(code)) return false;
      throw error;
    }
  }

  /** Makes the root folder itself, durably. */
  makeRoot(): void {
    const { path } = this.journal.root;
    this.fs.mkdir(path, 0o777);
    const parent = Buffer.from(dirname(path.toString()));
    const fd = this.fs.open(parent, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      this.fs.fsync(fd);
    } finally {
      this.fs.close(fd);
    }
  }

  /** Removes the root folder itself, if nothing is in it. */
  removeRoot(): void {
    this.folders.release();
    try {
      this.fs.rmdir(this.journal.root.path);
    } catch (error) {
      if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(codeOf(error) ?? "")) throw error;
    }
  }

  /** Permission bits of a folder, null when there is none. */
  modeOf(folder: Buffer): number | null {
    try {
      return this.fs.fstat(this.folders.fd(folder)).mode & 0o777;
    } catch (error) {
      if (isWayLost(error)) return null;
      throw error;
    }
  }

  /** Sets a folder's permission bits; setuid, setgid and sticky bits stay. */
  setMode(folder: Buffer, mode: number): void {
    const fd = this.folders.fd(folder);
    const present = this.fs.fstat(fd).mode;
    if ((present & 0o777) === mode) return;
    try {
      this.fs.fchmod(fd, (present & 0o7000) | mode);
    } catch (error) {
      throw aboutPath(error, folder);
    }
    this.#touched.add(key(folder));
  }

  /** Makes the changes of names and modes durable. */
  sync(): void {
    for (const folder of this.#touched) {
      try {
        this.fs.fsync(this.folders.fd(Buffer.from(folder, "latin1")));
      } catch (error) {
        // Some network filesystems sync no folders.
        if (!isWayLost(error) && codeOf(error) !== "EINVAL") throw error;
      }
    }
    this.#touched.clear();
  }

  #touch(...paths: Buffer[]): void {
    for (const path of paths) this.#touched.add(key(parentOf(path)));
  }
}

const key = (path: Buffer): string => path.toString("latin1");
