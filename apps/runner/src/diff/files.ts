import { ProtocolError } from "@cairn/shared/errors";
import type { FileEntry } from "@cairn/shared/files";
import type { ListRequest, ReadRequest, ReadResult } from "../runner.ts";
import { joinPath, pathBytes, splitPath, wirePath } from "../scan/paths.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import { entryFacts } from "./compare.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";

const maxReadBytes = 1024 * 1024;

/** One folder of a tree, by name bytes. */
export function list(
  store: ObjectStore,
  request: ListRequest,
): { entries: FileEntry[]; next_cursor?: string } {
  const folder = request.path === undefined ? Buffer.alloc(0) : pathBytes(request.path);
  const found = folder.length === 0 ? undefined : entryAt(store, request.tree, folder);
  if (found !== undefined && found.kind !== "directory") {
    throw new ProtocolError(
      "invalid_params",
      `${folder.toString()} is no folder in this checkpoint.`,
    );
  }
  const after = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  const all = store.readTree(found?.hash ?? request.tree);
  const rest =
    after === undefined ? all : all.filter(({ name }) => Buffer.compare(name, after) > 0);
  const page = rest.slice(0, request.limit);
  const last = page.at(-1);
  return {
    entries: page.map((entry) => ({
      ...wirePath(joinPath(folder, entry.name)),
      ...entryFacts(entry),
    })),
    ...(last !== undefined && rest.length > page.length
      ? { next_cursor: encodeCursor(last.name) }
      : {}),
  };
}

/** A range of a file, or of a link's target. */
export function read(store: ObjectStore, request: ReadRequest): ReadResult {
  const path = pathBytes(request.path);
  const entry = entryAt(store, request.tree, path);
  if (entry.kind === "directory") {
    throw new ProtocolError("invalid_params", `${path.toString()} is a folder; list it instead.`);
  }
  const data = store.readRange(entry.hash, request.offset, Math.min(request.length, maxReadBytes));
  // A copy of its own: what is sent to another thread is taken from this one.
  return { entry: { ...wirePath(path), ...entryFacts(entry) }, data: new Uint8Array(data) };
}

function entryAt(store: ObjectStore, root: string, path: Buffer): TreeEntry {
  let hash: string | undefined = root;
  let entry: TreeEntry | undefined;
  for (const name of splitPath(path)) {
    entry = hash === undefined ? undefined : store.readTree(hash).find((e) => e.name.equals(name));
    hash = entry?.kind === "directory" ? entry.hash : undefined;
  }
  if (entry === undefined) {
    throw new ProtocolError("not_found", `${path.toString()} is not in this checkpoint.`);
  }
  return entry;
}
