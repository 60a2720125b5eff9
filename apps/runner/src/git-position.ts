import { closeSync, constants, openSync, readlinkSync, readSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { GitPosition } from "@cairn/shared/checkpoint";

type Position = Pick<GitPosition, "commit" | "branch">;

const flags = constants.O_RDONLY | constants.O_NONBLOCK;
const maxRefBytes = 4096;
const maxRefChars = 1024;
/** Of one call, whatever the folder's files say: the largest lists of refs hold 10 MB. */
const maxPackedBytes = 32 * 1024 * 1024;
const maxLinks = 5;
const maxNested = 100;

/**
 * HEAD commit and branch of the repository whose work tree the folder is, read from its files, and
 * of up to 100 of those below it; null when there is none at all. A branch without a commit yet
 * has `commit: null`. `repositories` are folders that hold a `.git`, by byte strings.
 */
export function gitPosition(
  workspace: string,
  repositories: readonly string[] = [],
): GitPosition | null {
  const reading = new Reading();
  const own = reading.positionOf(workspace);
  const nested: NonNullable<GitPosition["nested"]> = [];
  for (const repository of repositories) {
    if (nested.length === maxNested) break;
    const path = Buffer.from(repository, "latin1").toString();
    const position = reading.positionOf(join(workspace, path));
    if (position !== null) nested.push({ path, ...position });
  }
  if (own === null && nested.length === 0) return null;
  const { commit, branch } = own ?? { commit: null, branch: null };
  return { commit, branch, ...(nested.length > 0 && { nested }) };
}

/** Reads what repositories say of themselves; they may be anyone's, and say anything. */
class Reading {
  #left = maxPackedBytes;

  positionOf(folder: string): Position | null {
    const git = gitFolder(join(folder, ".git"));
    const head = git === undefined ? undefined : readHead(join(git, "HEAD"));
    if (git === undefined || head === undefined) return null;
    const ref = symbolic(head);
    if (ref === undefined) return { commit: commitOf(head), branch: null };
    // With the reftable format HEAD names no real branch; git itself makes no such names.
    if (ref === "refs/heads/.invalid" || ref.length > maxRefChars || /\p{Cc}/u.test(ref)) {
      return { commit: null, branch: null };
    }
    const common = readSmall(join(git, "commondir"))?.trim();
    const shared = common === undefined ? git : resolve(git, common);
    const branch = ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : ref;
    return { commit: this.#resolve(git, shared, ref), branch };
  }

  #resolve(git: string, shared: string, ref: string): string | null {
    let name = ref;
    for (let left = maxLinks; left > 0; left -= 1) {
      if (!name.startsWith("refs/") || name.split("/").includes("..") || name.includes("\0"))
        return null;
      const loose = readSmall(join(git, name)) ?? readSmall(join(shared, name));
      if (loose === undefined) return this.#packed(join(shared, "packed-refs"), name);
      const next = symbolic(loose);
      if (next === undefined) return commitOf(loose);
      name = next;
    }
    return null;
  }

  /** Looks for a ref piece by piece; what is over the bound is not looked at. */
  #packed(path: string, ref: string): string | null {
    const fd = openRegular(path);
    if (fd === undefined) return null;
    const wanted = Buffer.from(` ${ref}\n`);
    try {
      const piece = Buffer.alloc(Math.min(256 * 1024, this.#left));
      // Of each piece the end is kept, so that no line is cut.
      let kept = 0;
      for (;;) {
        const room = Math.min(piece.length - kept, this.#left);
        const read = room === 0 ? 0 : readSync(fd, piece, kept, room, null);
        if (read === 0) return null;
        this.#left -= read;
        const text = piece.subarray(0, kept + read);
        const at = text.indexOf(wanted);
        if (at !== -1) {
          const line = text.subarray(text.lastIndexOf("\n", at) + 1, at).toString("latin1");
          return /^[0-9a-f]+$/.test(line) ? commitOf(line) : null;
        }
        const tail = text.subarray(-Math.min(text.length, wanted.length + maxHash));
        kept = tail.copy(piece);
      }
    } catch {
      return null;
    } finally {
      closeSync(fd);
    }
  }
}

/** Hex digits of a SHA-256, and the line's end before them. */
const maxHash = 65;

/** The `.git` folder, or the one that a `.git` file of a worktree or submodule names. */
function gitFolder(path: string): string | undefined {
  const pointer = readSmall(path);
  if (pointer === undefined) return path;
  const named = /^gitdir: (.+)$/m.exec(pointer)?.[1]?.trim();
  if (named === undefined || named.includes("\0")) return undefined;
  return isAbsolute(named) ? named : resolve(path, "..", named);
}

/** Old repositories have a link to the ref for HEAD. */
function readHead(path: string): string | undefined {
  try {
    const target = readlinkSync(path);
    if (target.startsWith("refs/")) return `ref: ${target}`;
  } catch {
    // It is no link.
  }
  return readSmall(path);
}

function symbolic(text: string): string | undefined {
  return /^ref: *(\S.*)/.exec(text)?.[1]?.trim();
}

function commitOf(text: string): string | null {
  return /^([0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])/.exec(text)?.[1] ?? null;
}

/** Undefined when it is no regular file, cannot be read, or is larger than such files are. */
function readSmall(path: string): string | undefined {
  const fd = openRegular(path);
  if (fd === undefined) return undefined;
  try {
    const data = Buffer.alloc(maxRefBytes + 1);
    const read = readSync(fd, data, 0, data.length, 0);
    return read > maxRefBytes ? undefined : data.toString("utf8", 0, read);
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** Looks before it opens: to open a device may do something. */
function openRegular(path: string): number | undefined {
  try {
    return statSync(path).isFile() ? openSync(path, flags) : undefined;
  } catch {
    return undefined;
  }
}
