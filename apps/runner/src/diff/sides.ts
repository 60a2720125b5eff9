import { readlinkSync, readSync } from "node:fs";
import { ProtocolError } from "@cairn/shared/errors";
import type { TreeEntry, ObjectStore } from "../store/objects.ts";
import type { Scan } from "../scan/scan.ts";
import { readRegularFile } from "../scan/read-file.ts";
import type { Side } from "./compare.ts";

/** A side whose contents can be read too. */
export interface ReadableSide extends Side {
  /** A range of the content of a file or link; `path` is where it stands in this side. */
  read(path: Buffer, entry: TreeEntry, offset: number, length: number): Buffer;
}

/** A stored tree; null is the empty tree. */
export function storedSide(store: ObjectStore, root: string | null): ReadableSide {
  return {
    root,
    readTree: (hash) => store.readTree(hash),
    readEncodedTree: (hash) => store.readEncodedTree(hash),
    read: (_path, entry, offset, length) => store.readRange(entry.hash, offset, length),
  };
}

/** A folder as it was just scanned. What the store does not hold is read from the folder. */
export function folderSide(store: ObjectStore, scan: Scan, workspace: string): ReadableSide {
  return {
    root: scan.root,
    readTree: (hash) => scan.tree.readTree(hash),
    read(path, entry, offset, length) {
      if (store.has(entry.hash)) return store.readRange(entry.hash, offset, length);
      const absolute = Buffer.concat([Buffer.from(`${workspace}/`), path]);
      try {
        return readNow(absolute, entry, offset, length);
      } catch (error) {
        throw new ProtocolError(
          "workspace_changed",
          `${path.toString()} changed while it was compared. Compare again.`,
          { cause: error },
        );
      }
    },
  };
}

function readNow(path: Buffer, entry: TreeEntry, offset: number, length: number): Buffer {
  if (entry.kind === "symlink") {
    return readlinkSync(path, "buffer").subarray(offset, offset + length);
  }
  const wanted = Math.min(length, Math.max(entry.size - offset, 0));
  const read = readRegularFile(path, (fd) => readAt(fd, offset, wanted), Date.now);
  if (read === undefined) throw new Error("it is no regular file any more");
  return read.result;
}

function readAt(fd: number, offset: number, length: number): Buffer {
  const data = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const n = readSync(fd, data, read, length - read, offset + read);
    if (n === 0) break;
    read += n;
  }
  return data.subarray(0, read);
}
