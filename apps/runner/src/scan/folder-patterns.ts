import type { Name } from "./entry-names.ts";
import { patternLines } from "./patterns.ts";
import { pathOf } from "./places.ts";
import { readRegularFile } from "./read-file.ts";
import type { Source } from "./remembered.ts";
import type { FolderPatterns } from "./rules.ts";
import type { ScanFs } from "./scan-fs.ts";
import { isFile, realScanFs, stoodStill } from "./scan-fs.ts";
import type { Attempts } from "./unreadable.ts";

const nothing: { lines: string[]; stat: Source["stat"] } = { lines: [], stat: null };

/** What is read of an ignore file; more than that is no list that somebody wrote. */
const maxBytes = 1024 * 1024;

export interface FoundPatterns {
  /** Undefined when the folder's own files say nothing. */
  patterns: FolderPatterns | undefined;
  sources: Source[];
}

/** The patterns that a folder's own files give. */
export function readFolderPatterns(
  folder: string,
  names: Name[],
  now: () => number,
  attempts: Attempts,
  fs: ScanFs = realScanFs,
): FoundPatterns {
  const patterns: FolderPatterns = { folder };
  const sources: Source[] = [];
  for (const name of names) {
    if (name.key === "Cargo.toml") patterns.cargo = true;
    if (name.key !== ".gitignore" && name.key !== ".cairnignore") continue;
    const path = pathOf(folder, name.key);
    // What cannot be read is noted; without its rules more is captured, never less.
    const { lines, stat } = attempts.try(path, () => linesOf(name, now, fs)) ?? nothing;
    sources.push({ name: name.key, stat });
    patterns[name.key === ".gitignore" ? "gitignore" : "cairnignore"] = lines;
  }
  const said =
    patterns.cargo === true ||
    (patterns.gitignore?.length ?? 0) > 0 ||
    (patterns.cairnignore?.length ?? 0) > 0;
  return { patterns: said ? patterns : undefined, sources };
}

function linesOf(name: Name, now: () => number, fs: ScanFs): typeof nothing {
  const seen = fs.lstat(name.path);
  // As git does: a link or folder of that name gives no patterns.
  if (!isFile(seen)) return { lines: [], stat: seen };
  const content = (fd: number, size: number): string => contentOf(fs, fd, size);
  const read = readRegularFile(name.path, content, now, fs);
  if (read === undefined) return nothing;
  const stat = !read.moved && stoodStill(read.stat, read.readAt) ? read.stat : null;
  return { lines: patternLines(read.result), stat };
}

function contentOf(fs: ScanFs, fd: number, size: number): string {
  const data = Buffer.alloc(Math.min(size, maxBytes));
  let read = 0;
  while (read < data.length) {
    const n = fs.read(fd, data, read, data.length - read, read);
    if (n === 0) break;
    read += n;
  }
  return data.toString("latin1", 0, read);
}
