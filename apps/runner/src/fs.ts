import * as node from "node:fs";
import os from "node:os";

/** What `lstat` says of a path. `mode` is `mode & 0o7777`, `size` in bytes. */
export interface Stat {
  kind: "file" | "symlink" | "directory" | "other";
  mode: number;
  size: number;
  dev: bigint;
  ino: bigint;
  /** When it was made, in ns, where the filesystem keeps that. */
  born: bigint;
}

/**
 * The filesystem as a restore uses it: every call that changes a workspace goes through here, so
 * that tests can fail the n-th one. Synchronous, paths are bytes, errors are Node's.
 */
export interface Fs {
  open(path: Buffer, flags: number, mode?: number): number;
  close(fd: number): void;
  write(fd: number, data: Uint8Array): number;
  fsync(fd: number): void;
  fchmod(fd: number, mode: number): void;
  fstat(fd: number): Stat;
  /** Undefined when nothing stands there. */
  lstat(path: Buffer): Stat | undefined;
  readlink(path: Buffer): Buffer;
  readdir(path: Buffer): Buffer[];
  realpath(path: Buffer): Buffer;
  /** Whether it is on layers, of which a folder's first change makes another inode of it. */
  isLayered(path: Buffer): boolean;
  rename(from: Buffer, to: Buffer): void;
  link(from: Buffer, to: Buffer): void;
  symlink(target: Buffer, path: Buffer): void;
  unlink(path: Buffer): void;
  mkdir(path: Buffer, mode: number): void;
  rmdir(path: Buffer): void;
}

function statOf(stats: node.BigIntStats): Stat {
  return {
    kind: stats.isFile()
      ? "file"
      : stats.isDirectory()
        ? "directory"
        : stats.isSymbolicLink()
          ? "symlink"
          : "other",
    mode: Number(stats.mode) & 0o7777,
    size: Number(stats.size),
    dev: stats.dev,
    ino: stats.ino,
    born: stats.birthtimeNs,
  };
}

/** Linux's number for overlayfs, which containers run on. */
const overlay = 0x79_4c_76_30;

/** The machine's own filesystem. */
export const realFs: Fs = {
  open: (path, flags, mode) => node.openSync(path, flags, mode),
  close: (fd) => node.closeSync(fd),
  write: (fd, data) => node.writeSync(fd, data),
  fsync: (fd) => node.fsyncSync(fd),
  fchmod: (fd, mode) => node.fchmodSync(fd, mode),
  fstat: (fd) => statOf(node.fstatSync(fd, { bigint: true })),
  lstat(path) {
    const stats = node.lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : statOf(stats);
  },
  readlink: (path) => node.readlinkSync(path, "buffer"),
  readdir: (path) => node.readdirSync(path, "buffer"),
  realpath: (path) => node.realpathSync.native(path, "buffer"),
  isLayered: (path) => node.statfsSync(path).type === overlay,
  rename: (from, to) => node.renameSync(from, to),
  link: (from, to) => node.linkSync(from, to),
  symlink: (target, path) => node.symlinkSync(target, path),
  unlink: (path) => node.unlinkSync(path),
  mkdir(path, mode) {
    node.mkdirSync(path, { mode });
  },
  rmdir: (path) => node.rmdirSync(path),
};

const { EDQUOT, ESTALE, EBADMSG } = os.constants.errno;
/** Errors that Node gives as `Unknown system error -122`, by their number. */
const unnamed = new Map([
  [-EDQUOT, "EDQUOT"],
  [-ESTALE, "ESTALE"],
  [-EBADMSG, "EBADMSG"],
]);
if (process.platform === "linux") unnamed.set(-117, "EUCLEAN");

/** The code of a filesystem error, such as `ENOENT`; undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code } = error;
  if (typeof code !== "string") return undefined;
  if (!code.startsWith("Unknown system error") || !("errno" in error)) return code;
  return unnamed.get(Number(error.errno)) ?? code;
}
