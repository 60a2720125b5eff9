import type { PathLike } from "node:fs";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statfsSync,
} from "node:fs";

/**
 * What a scan looks at of a path. Times are milliseconds as doubles, which tell 244 ns apart: a
 * file is trusted to the cache only when it had stood still for 20 ms.
 */
export interface Stat {
  mode: number;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  ino: number;
  dev: number;
}

/**
 * The filesystem as a scan uses it: nothing but reads. Every call goes through here, so that
 * tests can fail each of them. Synchronous, errors are Node's.
 */
export interface ScanFs {
  lstat(path: PathLike): Stat;
  /** Names as text, with U+FFFD for what is no UTF-8. */
  readdir(path: PathLike): string[];
  readdirBytes(path: PathLike): Buffer[];
  readlink(path: PathLike): Buffer;
  /** For reading; a link is not followed, a FIFO not waited for. */
  open(path: PathLike): number;
  fstat(fd: number): Stat;
  read(fd: number, into: Buffer, offset: number, length: number, position: number): number;
  close(fd: number): void;
  /** Type of the filesystem that the path is on, by the kernel's number. */
  filesystem(path: PathLike): number;
}

// Without O_NONBLOCK the open of a FIFO that took a file's place would wait for ever.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const realScanFs: ScanFs = {
  lstat: (path) => lstatSync(path),
  readdir: (path) => readdirSync(path),
  readdirBytes: (path) => readdirSync(path, { encoding: "buffer" }),
  readlink: (path) => readlinkSync(path, "buffer"),
  open: (path) => openSync(path, flags),
  fstat: (fd) => fstatSync(fd),
  read: (fd, into, offset, length, position) => readSync(fd, into, offset, length, position),
  close: (fd) => closeSync(fd),
  filesystem: (path) => statfsSync(path).type,
};

const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK } = constants;

export function isFile({ mode }: Pick<Stat, "mode">): boolean {
  return (mode & S_IFMT) === S_IFREG;
}

export function isFolder({ mode }: Pick<Stat, "mode">): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

export function isLink({ mode }: Pick<Stat, "mode">): boolean {
  return (mode & S_IFMT) === S_IFLNK;
}

// The kernel's tick is ≤ 10 ms; filesystems that keep whole seconds show it by their zeros.
const tickMs = 20;
const coarseTickMs = 2000;

/**
 * Whether what was read at a time (milliseconds since 1970) had stood still for so long that a
 * later change is sure to show in its times.
 */
export function stoodStill({ mtimeMs, ctimeMs }: Stat, readAt: number): boolean {
  const tick = Number.isInteger(ctimeMs) ? coarseTickMs : tickMs;
  return Math.max(mtimeMs, ctimeMs) < readAt - tick;
}

/** Whether two looks at a path met the same thing, unchanged. */
export function isSame(a: Stat, b: Stat): boolean {
  return (
    a.ctimeMs === b.ctimeMs &&
    a.mtimeMs === b.mtimeMs &&
    a.size === b.size &&
    a.ino === b.ino &&
    a.mode === b.mode &&
    a.dev === b.dev
  );
}

/** Numbers that are kept of a file: ctime, mtime, size, inode, mode, device. */
export const stampWidth = 6;

/** Whether the i-th file of a table is what it was. A ctime of NaN is that of none. */
export function standsAt(stamps: Float64Array, i: number, stat: Stat): boolean {
  const at = i * stampWidth;
  return (
    stamps[at] === stat.ctimeMs &&
    stamps[at + 1] === stat.mtimeMs &&
    stamps[at + 2] === stat.size &&
    stamps[at + 3] === stat.ino &&
    stamps[at + 4] === stat.mode &&
    stamps[at + 5] === stat.dev
  );
}
