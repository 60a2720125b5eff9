import * as fs from "node:fs";
import { removedPack } from "./errors.ts";

/**
 * The disk as packs are written and read: every call that the store makes on their files goes
 * through here, so that tests can fail the n-th one. Synchronous, errors are Node's.
 */
export interface Disk {
  open(path: string, flags: number, mode?: number): number;
  close(fd: number): void;
  size(fd: number): number;
  /** Bytes that were read, 0 at the end. */
  read(fd: number, into: Uint8Array, position: number): number;
  /** Bytes that were written, which may be fewer than all. */
  write(fd: number, parts: Uint8Array[], position: number): number;
  /** Makes the file's bytes durable. Fails where it has no name any more: nobody would find them. */
  sync(fd: number): void;
  truncate(fd: number, size: number): void;
  unlink(path: string): void;
  /** Makes names that were made or removed in a folder durable. */
  syncFolder(dir: string): void;
  /** Names of files, and their bytes. */
  list(dir: string): { name: string; bytes: number }[];
  /** Bytes of the filesystem that holds the folder, and how many of them we may still use. */
  room(dir: string): { total: number; free: number };
}

/** The machine's own disk. */
export const realDisk: Disk = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (fd) => fs.closeSync(fd),
  size: (fd) => fs.fstatSync(fd).size,
  read: (fd, into, position) => fs.readSync(fd, into, 0, into.length, position),
  write: (fd, parts, position) => fs.writevSync(fd, parts, position),
  sync(fd) {
    fs.fdatasyncSync(fd);
    if (fs.fstatSync(fd).nlink === 0) throw removedPack();
  },
  truncate: (fd, size) => fs.ftruncateSync(fd, size),
  unlink: (path) => fs.unlinkSync(path),
  syncFolder(dir) {
    const fd = fs.openSync(dir, "r");
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
  list: (dir) =>
    fs.readdirSync(dir).flatMap((name) => {
      const stat = fs.statSync(`${dir}/${name}`, { throwIfNoEntry: false });
      return stat?.isFile() === true ? [{ name, bytes: stat.size }] : [];
    }),
  room(dir) {
    const { bsize, blocks, bavail } = fs.statfsSync(dir);
    return { total: bsize * blocks, free: bsize * bavail };
  },
};

/** Writes all of it, however many calls that takes. */
export function writeAll(disk: Disk, fd: number, parts: Uint8Array[], position: number): void {
  let rest = parts.filter(({ length }) => length > 0);
  let at = position;
  while (rest.length > 0) {
    let written = disk.write(fd, rest, at);
    if (written === 0) throw Object.assign(new Error("nothing was written"), { code: "EIO" });
    at += written;
    rest = rest.flatMap((part) => {
      const taken = Math.min(written, part.length);
      written -= taken;
      return taken === part.length ? [] : [part.subarray(taken)];
    });
  }
}

/** Fills the buffer from there; false when the file ends before it is full. */
export function readAll(disk: Disk, fd: number, into: Buffer, position: number): boolean {
  let read = 0;
  while (read < into.length) {
    const n = disk.read(fd, into.subarray(read), position + read);
    if (n === 0) return false;
    read += n;
  }
  return true;
}
