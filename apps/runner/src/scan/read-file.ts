import type { BigIntStats, PathLike } from "node:fs";
import { closeSync, constants, fstatSync, openSync } from "node:fs";

// Without O_NONBLOCK the open of a FIFO that took a file's place would wait for ever.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const tries = 3;

export interface ReadFile<T> {
  result: T;
  /** Of the file that was read, before it was read. */
  stat: BigIntStats;
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
): ReadFile<T> | undefined {
  const fd = openSync(path, flags);
  try {
    let stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) return undefined;
    for (let left = tries; ; left -= 1) {
      const readAt = now();
      const result = read(fd, Number(stat.size));
      const after = fstatSync(fd, { bigint: true });
      const moved =
        after.size !== stat.size ||
        after.mtimeNs !== stat.mtimeNs ||
        after.ctimeNs !== stat.ctimeNs;
      if (!moved || left <= 1) return { result, stat, readAt, moved };
      stat = after;
    }
  } finally {
    closeSync(fd);
  }
}
