import type { PathLike } from "node:fs";
import type { ScanFs, Stat } from "./scan-fs.ts";
import { isFile, realScanFs } from "./scan-fs.ts";

const tries = 3;

export interface ReadFile<T> {
  result: T;
  /** Of the file that was read, before it was read. */
  stat: Stat;
  /** Milliseconds since 1970 just before it was read. */
  readAt: number;
  /** It changed under each try: the result is of some moment between. */
  moved: boolean;
}

/** Reads a regular file by `read`, again while it moves. Undefined when it is no regular file. */
export function readRegularFile<T>(
  path: PathLike,
  read: (fd: number, size: number) => T,
  now: () => number,
  fs: ScanFs = realScanFs,
): ReadFile<T> | undefined {
  const fd = fs.open(path);
  try {
    let stat = fs.fstat(fd);
    if (!isFile(stat)) return undefined;
    for (let left = tries; ; left -= 1) {
      const readAt = now();
      const result = read(fd, stat.size);
      const after = fs.fstat(fd);
      const moved =
        after.size !== stat.size ||
        after.mtimeMs !== stat.mtimeMs ||
        after.ctimeMs !== stat.ctimeMs;
      if (!moved || left <= 1) return { result, stat, readAt, moved };
      stat = after;
    }
  } finally {
    fs.close(fd);
  }
}
