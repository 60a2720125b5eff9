import { readSync } from "node:fs";
import type { Name } from "./entry-names.ts";
import { patternLines } from "./patterns.ts";
import { readRegularFile } from "./read-file.ts";
import type { FolderPatterns } from "./rules.ts";

/** What is read of an ignore file; more than that is no list that somebody wrote. */
const maxBytes = 1024 * 1024;

/** The patterns that a folder's own files give; undefined when there are none. */
export function readFolderPatterns(
  folder: string,
  names: Name[],
  now: () => number,
): FolderPatterns | undefined {
  const patterns: FolderPatterns = { folder };
  for (const name of names) {
    if (name.key === "Cargo.toml") patterns.cargo = true;
    if (name.key === ".gitignore") patterns.gitignore = linesOf(name, now);
    if (name.key === ".cairnignore") patterns.cairnignore = linesOf(name, now);
  }
  const said =
    patterns.cargo === true ||
    (patterns.gitignore?.length ?? 0) > 0 ||
    (patterns.cairnignore?.length ?? 0) > 0;
  return said ? patterns : undefined;
}

function linesOf(name: Name, now: () => number): string[] {
  try {
    const read = readRegularFile(name.path, content, now);
    return read === undefined ? [] : patternLines(read.result);
  } catch {
    // The walk notes what it could not read; without its rules more is captured, never less.
    return [];
  }
}

function content(fd: number, size: number): string {
  const data = Buffer.alloc(Math.min(size, maxBytes));
  let read = 0;
  while (read < data.length) {
    const n = readSync(fd, data, read, data.length - read, read);
    if (n === 0) break;
    read += n;
  }
  return data.toString("latin1", 0, read);
}
