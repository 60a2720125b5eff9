import { constants } from "node:fs";
import type { FileKind } from "@cairn/shared/files";
import type { Fs } from "../fs.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import type { Folders } from "./folders.ts";
import { isWayLost } from "./folders.ts";

/** What stands, stood or shall stand at a path; `hash` is empty for folders. */
export interface Content {
  kind: FileKind;
  mode: number;
  size: number;
  hash: string;
}

/** What stands on disk: `other` is a device, socket or pipe, or a file that cannot be opened. */
export type Seen = Content | { kind: "other" } | null;

/** Reads what stands at a path without following links. Gives null when nothing does. */
export function look(fs: Fs, store: ObjectStore, folders: Folders, path: Buffer): Seen {
  let place: Buffer;
  try {
    place = folders.place(path);
  } catch (error) {
    if (isWayLost(error)) return null;
    throw error;
  }
  const stat = fs.lstat(place);
  switch (stat?.kind) {
    case undefined:
      return null;
    case "directory":
      return { kind: "directory", mode: stat.mode & 0o777, size: 0, hash: "" };
    case "symlink": {
      const target = fs.readlink(place);
      return { kind: "symlink", mode: 0, size: target.length, hash: store.hashBlob(target) };
    }
    case "file":
      return withFile(fs, place, (fd, mode, size) => ({
        kind: kindOf(mode),
        mode,
        size,
        hash: store.hashFile(fd, size),
      }));
    default:
      return { kind: "other" };
  }
}

/** Stores what stands at a path, a file or link. Not durable before the store's `commit`. */
export function save(fs: Fs, store: ObjectStore, place: Buffer): Content | null {
  const stat = fs.lstat(place);
  if (stat?.kind === "symlink") {
    const target = fs.readlink(place);
    return { kind: "symlink", mode: 0, size: target.length, hash: store.putBlob(target) };
  }
  if (stat?.kind !== "file") return null;
  return withFile(fs, place, (fd, mode, size) => ({
    kind: kindOf(mode),
    mode,
    ...store.putFile(fd, size),
  }));
}

function withFile<T>(
  fs: Fs,
  place: Buffer,
  read: (fd: number, mode: number, size: number) => T,
): T {
  const fd = fs.open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { mode, size } = fs.fstat(fd);
    return read(fd, mode & 0o777, size);
  } finally {
    fs.close(fd);
  }
}

function kindOf(mode: number): FileKind {
  return (mode & 0o100) === 0 ? "file" : "executable";
}

/** What a tree says of one name in it. */
export function contentOf({ kind, mode, size, hash }: TreeEntry): Content {
  return { kind, mode, size, hash: kind === "directory" ? "" : hash };
}

/** Whether both are the same file, link or folder. Contents of folders are not compared. */
export function same(a: Seen, b: Seen): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind === "other" || b.kind === "other") return false;
  return shape(a) === shape(b) && a.mode === b.mode && a.hash === b.hash;
}

/** File, link or folder: `executable` follows from the mode. */
export function shape(content: Content): "file" | "symlink" | "directory" {
  return content.kind === "executable" ? "file" : content.kind;
}
