import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Each takes about a kilobyte of the kernel's memory. */
const mostFolders = 100_000;
/** Of what the system lets a user watch, so that editors and build tools have theirs. */
const share = 0.5;
const pausePerFolders = 256;

export interface Watched {
  folder: string;
  /** Names of folders that are not watched, wherever they stand. */
  names: string[];
  /** Folders that are not watched, absolute. */
  paths: string[];
}

/** A folder is not watched, and nothing was taken of the system for it. */
export class NotWatched extends Error {
  override readonly name = "NotWatched";
}

/** How many folders are watched together. Only Linux counts them. */
export class Budget {
  readonly #most: number;
  readonly #taken = new Map<unknown, number>();

  constructor(most = mostOfSystem()) {
    this.#most = most;
  }

  /** Takes what watching a folder takes, in place of what `who` had; `NotWatched` where it is too much. */
  async take(who: unknown, watched: Watched): Promise<void> {
    this.#taken.delete(who);
    if (this.#most === Number.POSITIVE_INFINITY) return;
    const left = this.#most - this.#others();
    const folders = await countFolders(watched, left);
    // Another one may have taken its share meanwhile.
    if (folders > this.#most - this.#others()) {
      const most = this.#most.toLocaleString("en");
      throw new NotWatched(
        `its folders and those watched for other sessions are more than may be watched together (${most}: half of fs.inotify.max_user_watches, but never over ${mostFolders.toLocaleString("en")})`,
      );
    }
    this.#taken.set(who, folders);
  }

  release(who: unknown): void {
    this.#taken.delete(who);
  }

  #others(): number {
    let sum = 0;
    for (const folders of this.#taken.values()) sum += folders;
    return sum;
  }
}

function mostOfSystem(): number {
  if (process.platform !== "linux") return Number.POSITIVE_INFINITY;
  try {
    const allowed = Number(readFileSync("/proc/sys/fs/inotify/max_user_watches", "utf8"));
    return Math.min(Math.floor(allowed * share), mostFolders);
  } catch {
    return mostFolders;
  }
}

/** Folders in a folder and itself, or more than `enough`. */
async function countFolders({ folder, names, paths }: Watched, enough: number): Promise<number> {
  const without = { names: new Set(names), paths: new Set(paths) };
  const open = [folder];
  let count = 0;
  for (let at = open.pop(); at !== undefined && count <= enough; at = open.pop()) {
    count += 1;
    if (count % pausePerFolders === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const name of foldersIn(at, at === folder)) {
      const path = join(at, name);
      if (!without.names.has(name) && !without.paths.has(path)) open.push(path);
    }
  }
  return count;
}

function foldersIn(folder: string, isRoot: boolean): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    // One that is gone or closed is not watched either.
    if (isRoot) throw new NotWatched("the folder is not there, or cannot be read");
    return [];
  }
}
