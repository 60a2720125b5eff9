import { isUtf8 } from "node:buffer";
import { opendirSync, readdirSync, realpathSync, statSync } from "node:fs";
import type { Dirent } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { codeOf } from "./fs.ts";
import type { FolderFacts, FolderListing } from "./runner.ts";
import { unavailable } from "./scan/workspace.ts";

const maxEntries = 1000;

/** Facts of a folder that someone named; `invalid_params` for a relative path or a file. */
export function folderFacts(path: string): FolderFacts {
  requireAbsolute(path);
  const missing: string[] = [];
  let at = path;
  for (;;) {
    try {
      const real = realpathSync.native(at);
      if (!statSync(real).isDirectory()) throw noFolder(at);
      if (missing.length > 0)
        return { real_path: join(real, ...missing), exists: false, empty: true };
      return { real_path: real, exists: true, empty: isEmpty(real) };
    } catch (error) {
      const code = codeOf(error);
      if (error instanceof ProtocolError) throw error;
      if (code !== "ENOENT" || dirname(at) === at) throw unavailable(path, code, error);
      missing.unshift(basename(at));
      at = dirname(at);
    }
  }
}

function isEmpty(path: string): boolean {
  const folder = opendirSync(path);
  try {
    return folder.readSync() === null;
  } finally {
    folder.closeSync();
  }
}

/** Folders below a path, or below the home folder: hidden ones last. Reads nothing in them. */
export function listFolders(path: string | undefined): FolderListing {
  const wanted = path ?? homedir();
  requireAbsolute(wanted);
  let real: string;
  let found: Dirent[];
  try {
    real = realpathSync.native(wanted);
    found = readdirSync(real, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") throw noFolder(wanted);
    throw unavailable(wanted, codeOf(error), error);
  }
  const names = found
    .filter((entry) => isFolder(real, entry))
    .map(({ name }) => name)
    // A name that is no UTF-8 could not be sent back.
    .filter((name) => !name.includes("\uFFFD") && isUtf8(Buffer.from(name)))
    .toSorted(byName);
  return {
    path: real,
    parent: dirname(real) === real ? null : dirname(real),
    entries: names.slice(0, maxEntries).map((name) => {
      const child = join(real, name);
      return { name, path: child, repository: exists(join(child, ".git")) };
    }),
    truncated: names.length > maxEntries,
  };
}

function byName(a: string, b: string): number {
  const hidden = Number(a.startsWith(".")) - Number(b.startsWith("."));
  return hidden || (a < b ? -1 : 1);
}

function isFolder(parent: string, entry: Dirent): boolean {
  if (entry.isDirectory()) return true;
  if (!entry.isSymbolicLink()) return false;
  try {
    return statSync(join(parent, entry.name)).isDirectory();
  } catch {
    return false;
  }
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function requireAbsolute(path: string): void {
  if (isAbsolute(path) && !path.includes("\0")) return;
  throw new ProtocolError(
    "invalid_params",
    `"${path}" is no absolute path. Give the folder's full path.`,
  );
}

function noFolder(path: string): ProtocolError {
  return new ProtocolError("invalid_params", `${path} is no folder.`);
}
