import { crc32 } from "node:zlib";
import { FileTable, FileTableBuilder, noFiles } from "./file-table.ts";
import { pathOf } from "./places.ts";
import type { Folder } from "./remembered.ts";

// After the header come records, each of one folder, the latest of a folder counting: length of
// what follows, its CRC-32, length of the head, head (JSON), stamps and hashes of files. In the
// file they are compressed, see `cache-frames.ts`.
export const header = Buffer.from("CAIRNST\x04", "latin1");
const fixedBytes = 12;

interface Head extends Omit<Folder, "files" | "folders"> {
  path: string;
  /** Names of the folders in it. */
  folders: string[];
  /** The files of the record are all, or they and the gone ones are what differs from before. */
  whole: boolean;
  names: readonly string[];
  gone: string[];
}

/** Records of every folder that is another one than before. */
export function encodeChanges(root: Folder, before: Folder | undefined): Buffer {
  const records: Buffer[] = [];
  const add = (path: string, folder: Folder, known: Folder | undefined): void => {
    if (folder === known) return;
    records.push(...encodeFolder(path, folder, known));
    const inside = new Map(known?.folders.map((inner) => [inner.name, inner]));
    for (const inner of folder.folders) {
      add(pathOf(path, inner.name), inner, inside.get(inner.name));
    }
  };
  add("", root, before);
  return Buffer.concat(records);
}

function encodeFolder(path: string, folder: Folder, known: Folder | undefined): Buffer[] {
  const { files, folders, ...rest } = folder;
  const { table, gone } =
    known === undefined ? { table: files, gone: undefined } : changesOf(files, known.files);
  const head: Head = {
    ...rest,
    path,
    folders: folders.map(({ name }) => name),
    whole: gone === undefined,
    names: table.names,
    gone: gone ?? [],
  };
  const text = Buffer.from(JSON.stringify(head));
  const stamps = Buffer.from(table.stamps.buffer, table.stamps.byteOffset, table.stamps.byteLength);
  const fixed = Buffer.alloc(fixedBytes);
  fixed.writeUInt32LE(4 + text.length + stamps.length + table.hashes.length, 0);
  fixed.writeUInt32LE(text.length, 8);
  const sum = [text, stamps, table.hashes].reduce(
    (sum, part) => crc32(part, sum),
    crc32(fixed.subarray(8)),
  );
  fixed.writeUInt32LE(sum, 4);
  return [fixed, text, stamps, table.hashes];
}

/** What differs from before; the whole table without `gone`, where most of it does. */
function changesOf(
  files: FileTable,
  known: FileTable,
): { table: FileTable; gone: string[] | undefined } {
  if (files === known) return { table: noFiles, gone: [] };
  const changed = new FileTableBuilder();
  const gone: string[] = [];
  let at = 0;
  for (let i = 0; i < files.length; i += 1) {
    const name = files.names[i] ?? "";
    for (; at < known.length && (known.names[at] ?? "") < name; at += 1) {
      gone.push(known.names[at] ?? "");
    }
    if (known.names[at] !== name) changed.addFrom(files, i);
    else {
      if (!files.equals(i, known, at)) changed.addFrom(files, i);
      at += 1;
    }
  }
  for (; at < known.length; at += 1) gone.push(known.names[at] ?? "");
  if (changed.length + gone.length > files.length / 2) return { table: files, gone: undefined };
  return { table: changed.build(), gone };
}

interface Loaded {
  head: Head;
  files: FileTable;
  bytes: number;
}

/** Throws when the bytes are not what `encodeChanges` gave, all of it. */
export function decodeFolders(data: Buffer): { root: Folder; liveBytes: number } {
  if (!data.subarray(0, header.length).equals(header)) throw new RangeError("not a cache");
  const latest = new Map<string, Loaded>();
  for (let at = header.length; at < data.length;) {
    const length = data.readUInt32LE(at);
    const body = data.subarray(at + 8, at + 8 + length);
    // A record that a crash cut off is found here too.
    if (body.length !== length || data.readUInt32LE(at + 4) !== crc32(body)) {
      throw new RangeError("a record is torn");
    }
    const loaded = decodeRecord(body, latest);
    latest.set(loaded.head.path, loaded);
    at += 8 + length;
  }
  let liveBytes = header.length;
  const assemble = (path: string): Folder => {
    const found = latest.get(path);
    if (found === undefined) throw new RangeError("a folder is missing");
    liveBytes += found.bytes;
    const { path: _path, folders, whole: _whole, names: _names, gone: _gone, ...rest } = found.head;
    return {
      ...rest,
      patterns: rest.patterns,
      files: found.files,
      folders: folders.map((name) => assemble(pathOf(path, name))),
    };
  };
  return { root: assemble(""), liveBytes };
}

function decodeRecord(body: Buffer, latest: Map<string, Loaded>): Loaded {
  const textEnd = 4 + body.readUInt32LE(0);
  const head = JSON.parse(body.toString("utf8", 4, textEnd)) as Head;
  const stampsEnd = textEnd + head.names.length * FileTable.stampBytes;
  const stamps = new Float64Array(
    body.buffer.slice(body.byteOffset + textEnd, body.byteOffset + stampsEnd),
  );
  const table = new FileTable(head.names, stamps, body.subarray(stampsEnd));
  const loaded = { head, bytes: 8 + body.length };
  if (head.whole) return { ...loaded, files: table };
  const before = latest.get(head.path);
  if (before === undefined) throw new RangeError("a record changes what is not there");
  return { ...loaded, files: patched(before.files, table, new Set(head.gone)) };
}

function patched(before: FileTable, changed: FileTable, gone: Set<string>): FileTable {
  if (changed.length === 0 && gone.size === 0) return before;
  const builder = new FileTableBuilder();
  let at = 0;
  for (let i = 0; i < before.length; i += 1) {
    const name = before.names[i] ?? "";
    for (; at < changed.length && (changed.names[at] ?? "") <= name; at += 1) {
      builder.addFrom(changed, at);
    }
    const isReplaced = at > 0 && changed.names[at - 1] === name;
    if (!isReplaced && !gone.has(name)) builder.addFrom(before, i);
  }
  for (; at < changed.length; at += 1) builder.addFrom(changed, at);
  return builder.build();
}
