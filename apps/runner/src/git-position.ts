import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { GitPosition } from "@cairn/shared/checkpoint";

const flags = constants.O_RDONLY | constants.O_NONBLOCK;
const maxRefBytes = 4096;
const maxPackedBytes = 64 * 1024 * 1024;
const maxLinks = 5;

/**
 * HEAD commit and branch of the repository whose work tree the folder is, read from its files;
 * null when it is none. A branch without a commit yet has `commit: null`.
 */
export function gitPosition(workspace: string): GitPosition | null {
  const git = gitFolder(join(workspace, ".git"));
  const head = git === undefined ? undefined : readSmall(join(git, "HEAD"), maxRefBytes);
  if (git === undefined || head === undefined) return null;
  const ref = symbolic(head);
  if (ref === undefined) return { commit: commitOf(head), branch: null };
  // With the reftable format HEAD names no real branch.
  if (ref === "refs/heads/.invalid") return { commit: null, branch: null };
  const common = readSmall(join(git, "commondir"), maxRefBytes)?.trim();
  const shared = common === undefined ? git : resolve(git, common);
  const branch = ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : ref;
  return { commit: resolveRef(git, shared, ref), branch };
}

/** The `.git` folder, or the one that a `.git` file of a worktree or submodule names. */
function gitFolder(path: string): string | undefined {
  const pointer = readSmall(path, maxRefBytes);
  if (pointer === undefined) return path;
  const named = /^gitdir: (.+)$/m.exec(pointer)?.[1]?.trim();
  if (named === undefined || named.includes("\0")) return undefined;
  return isAbsolute(named) ? named : resolve(path, "..", named);
}

function resolveRef(git: string, shared: string, ref: string): string | null {
  let name = ref;
  for (let left = maxLinks; left > 0; left -= 1) {
    if (!name.startsWith("refs/") || name.split("/").includes("..") || name.includes("\0"))
      return null;
    const loose =
      readSmall(join(git, name), maxRefBytes) ?? readSmall(join(shared, name), maxRefBytes);
    if (loose === undefined) return packedRef(join(shared, "packed-refs"), name);
    const next = symbolic(loose);
    if (next === undefined) return commitOf(loose);
    name = next;
  }
  return null;
}

function packedRef(path: string, ref: string): string | null {
  const packed = readSmall(path, maxPackedBytes);
  const line = packed?.split("\n").find((line) => line.endsWith(` ${ref}`));
  return line === undefined ? null : commitOf(line);
}

function symbolic(text: string): string | undefined {
  return /^ref: *(\S.*)/.exec(text)?.[1]?.trim();
}

function commitOf(text: string): string | null {
  return /^([0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])/.exec(text)?.[1] ?? null;
}

/** Undefined when it is no regular file, cannot be read, or is over `max` bytes. */
function readSmall(path: string, max: number): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, flags);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > max) return undefined;
    const data = Buffer.alloc(stat.size);
    return data.toString("utf8", 0, readSync(fd, data, 0, data.length, 0));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
