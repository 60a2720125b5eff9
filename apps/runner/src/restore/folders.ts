import { constants } from "node:fs";
import type { Fs } from "../fs.ts";
import { codeOf } from "../fs.ts";
import { joinPath, splitPath } from "../scan/paths.ts";
import { folded } from "./merge.ts";

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Descriptors held at once; a walk needs the last two folders and finds its way from the root. */
const held = 64;

/**
 * Folders below a root, each held by a descriptor that was opened from its parent's without
 * following links, so that a parent swapped for a symlink is refused and never followed. Node has
 * no `openat`: on Linux `/proc/self/fd/N/name` stands in. Elsewhere names are resolved anew after
 * the same check, which leaves a race of microseconds.
 */
export class Folders {
  readonly #fs: Fs;
  readonly #root: Buffer;
  readonly #byDescriptor: boolean;
  readonly #open = new Map<string, number>();
  /** Whether a folder was not found where it was looked for. */
  lost = false;

  /** `root` is a real, absolute path. */
  constructor(fs: Fs, root: Buffer, byDescriptor = process.platform === "linux") {
    this.#fs = fs;
    this.#root = root;
    this.#byDescriptor = byDescriptor;
  }

  /** Descriptor of a folder. Throws ENOENT, ENOTDIR or ELOOP where there is none. */
  fd(folder: Buffer): number {
    const key = folder.toString("latin1");
    const known = this.#open.get(key);
    if (known !== undefined) {
      this.#open.delete(key);
      this.#open.set(key, known);
      return known;
    }
    const fd = this.#find(folder);
    this.#open.set(key, fd);
    if (this.#open.size > held) this.#dropOldest();
    return fd;
  }

  /** A path for filesystem calls on `path`, whose parent folder is held. */
  place(path: Buffer): Buffer {
    const cut = path.lastIndexOf(0x2f);
    return this.#inside(path.subarray(0, Math.max(cut, 0)), path.subarray(cut + 1));
  }

  /** A path for `readdir` of a folder. */
  contents(folder: Buffer): Buffer {
    return this.#inside(folder, Buffer.from("."));
  }

  /**
   * To be called when a folder is made or removed, or may have been moved. It may be held under
   * other spellings too, where the disk takes them for the same.
   */
  forget(folder: Buffer): void {
    const key = folded(folder);
    for (const [open, fd] of this.#open) {
      const other = folded(Buffer.from(open, "latin1"));
      if (other !== key && !other.startsWith(`${key}/`)) continue;
      this.#open.delete(open);
      this.#close(fd);
    }
  }

  /** Lets go of all but the root, which may be anywhere by now. False when it was never held. */
  keepOnlyRoot(): boolean {
    for (const [folder, fd] of this.#open) {
      if (folder === "") continue;
      this.#open.delete(folder);
      this.#close(fd);
    }
    return this.#open.has("");
  }

  release(): void {
    for (const fd of this.#open.values()) this.#close(fd);
    this.#open.clear();
  }

  #find(folder: Buffer): number {
    try {
      return this.#walk(folder);
    } catch (error) {
      this.lost ||= isWayLost(error);
      throw error;
    }
  }

  /** Opens a folder from the nearest one that is held, and only that one stays open. */
  #walk(folder: Buffer): number {
    if (folder.length === 0) return this.#fs.open(this.#root, folderFlags);
    let at = parentOf(folder);
    while (at.length > 0 && !this.#open.has(at.toString("latin1"))) at = parentOf(at);
    let fd = this.fd(at);
    let passing = false;
    for (const name of splitPath(folder.subarray(at.length === 0 ? 0 : at.length + 1))) {
      let next: number;
      try {
        next = this.#fs.open(this.#join(fd, at, name), folderFlags);
      } finally {
        if (passing) this.#close(fd);
      }
      fd = next;
      passing = true;
      at = joinPath(at, name);
    }
    return fd;
  }

  #inside(folder: Buffer, name: Buffer): Buffer {
    return this.#join(this.fd(folder), folder, name);
  }

  #join(fd: number, folder: Buffer, name: Buffer): Buffer {
    if (this.#byDescriptor) return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name]);
    this.#checkWay(folder);
    return joinPath(joinPath(this.#root, folder), name);
  }

  /** Without descriptors in paths: no folder on the way may have become a link since. */
  #checkWay(folder: Buffer): void {
    let way = this.#root;
    for (const name of splitPath(folder)) {
      way = joinPath(way, name);
      const stat = this.#fs.lstat(way);
      if (stat?.kind === "directory") continue;
      throw Object.assign(new Error(`not a folder: ${way.toString()}`), {
        code: stat === undefined ? "ENOENT" : "ENOTDIR",
      });
    }
  }

  #dropOldest(): void {
    for (const [key, fd] of this.#open) {
      if (key === "") continue;
      this.#open.delete(key);
      this.#close(fd);
      return;
    }
  }

  #close(fd: number): void {
    try {
      this.#fs.close(fd);
    } catch {
      // Closing a folder loses nothing.
    }
  }
}

/** Whether the error says that a folder on the way is not there, or is none any more. */
export function isWayLost(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP";
}

/** The folder that holds a path. */
export function parentOf(path: Buffer): Buffer {
  return path.subarray(0, Math.max(path.lastIndexOf(0x2f), 0));
}

/** The last name of a path. */
export function nameOf(path: Buffer): Buffer {
  return path.subarray(path.lastIndexOf(0x2f) + 1);
}
