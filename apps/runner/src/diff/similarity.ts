import type { WorkHooks } from "../cancelling.ts";
import { splitPath } from "../scan/paths.ts";
import { isDamaged } from "./damage.ts";
import { linesSignature, likeness } from "./line-signature.ts";
import type { LineSignature } from "./line-signature.ts";
import { textOf } from "./lines.ts";
import type { Lone, Pool } from "./pool.ts";
import { keyOf } from "./pool.ts";
import type { ReadableSide } from "./sides.ts";

/** Half of the larger file's bytes stand in lines that both have. */
const leastAlike = 0.5;
/** Shorter texts are alike by chance. */
const leastBytes = 32;
/** A side. Above it only names that are alike are looked at. */
const maxFiles = 1000;
/** Of both sides together: about half a second. */
const maxBytes = 32 * 1024 * 1024;
/** Of each new file the most promising ones are looked at closely. */
const maxCandidates = 8;
/** A line that so many files hold tells nothing. */
const commonLine = 16;

interface SimilarRequest {
  from: ReadableSide;
  to: ReadableSide;
  pool: Pool;
  hooks: WorkHooks;
}

interface Read extends Lone {
  lines: LineSignature;
}

interface Scored {
  gone: Lone;
  come: Lone;
  score: number;
}

/** Pairs texts that are gone with texts like them that have come, the most alike first. */
export function matchSimilar({ from, to, pool, hooks }: SimilarRequest): void {
  const [gone, come] = candidates(pool);
  if (gone.length === 0 || come.length === 0) return;
  const budget = { left: maxBytes };
  const old = readAll(from, gone, budget, hooks);
  const now = readAll(to, come, budget, hooks);
  const pairs = scoredPairs(old, now, hooks);
  for (const { gone, come } of pairs) pool.pair(gone, come);
}

/** Files that may be alike: those whose sizes fit to one on the other side. */
function candidates(pool: Pool): [Lone[], Lone[]] {
  const isText = ({ entry }: Lone): boolean => entry.kind !== "symlink" && entry.size >= leastBytes;
  let gone = pool.gone.filter(isText);
  let come = pool.come.filter(isText);
  if (gone.length > maxFiles || come.length > maxFiles) {
    [gone, come] = [withNameOf(gone, come), withNameOf(come, gone)];
  }
  if (gone.length > maxFiles || come.length > maxFiles) return [[], []];
  return [withSizeOf(gone, come), withSizeOf(come, gone)];
}

function nameOf({ path }: Lone): string {
  return keyOf(splitPath(path).at(-1) ?? path);
}

function withNameOf(files: Lone[], others: Lone[]): Lone[] {
  const names = new Set(others.map(nameOf));
  return files.filter((file) => names.has(nameOf(file)));
}

function withSizeOf(files: Lone[], others: Lone[]): Lone[] {
  const sizes = others.map(({ entry }) => entry.size).toSorted((a, b) => a - b);
  return files.filter(({ entry }) => {
    const fitting = sizes.find((size) => size >= entry.size * leastAlike);
    return fitting !== undefined && fitting * leastAlike <= entry.size;
  });
}

function readAll(
  side: ReadableSide,
  files: Lone[],
  budget: { left: number },
  { check }: WorkHooks,
): Read[] {
  return files.flatMap((file) => {
    check?.();
    if (file.entry.size > budget.left) return [];
    budget.left -= file.entry.size;
    const lines = linesIn(side, file);
    return lines === null ? [] : [{ ...file, lines: linesSignature(lines) }];
  });
}

/** A byte a character; null of what is no text, and of what the store does not give back. */
function linesIn(side: ReadableSide, { path, entry }: Lone): string | null {
  try {
    const text = textOf(side, path, entry);
    return typeof text === "string" ? null : text.lines.toString("latin1");
  } catch (error) {
    if (isDamaged(error)) return null;
    throw error;
  }
}

function scoredPairs(old: Read[], now: Read[], { check }: WorkHooks): Scored[] {
  const holders = holdersOfLines(old);
  const pairs = now.flatMap((come) => {
    check?.();
    return promising(come, old, holders).map((gone) => ({
      gone,
      come,
      score: likeness(gone.lines, come.lines),
    }));
  });
  return pairs
    .filter(({ score }) => score >= leastAlike)
    .toSorted(
      (a, b) =>
        b.score - a.score ||
        Number(sameName(b)) - Number(sameName(a)) ||
        Buffer.compare(a.gone.path, b.gone.path) ||
        Buffer.compare(a.come.path, b.come.path),
    );
}

function sameName({ gone, come }: Scored): boolean {
  return nameOf(gone) === nameOf(come);
}

/** Line → the files that hold it, unless they are many. */
function holdersOfLines(files: Read[]): Map<number, number[]> {
  const holders = new Map<number, number[]>();
  for (const [index, { lines }] of files.entries()) {
    for (const hash of lines.hashes) {
      const known = holders.get(hash);
      if (known === undefined) holders.set(hash, [index]);
      else if (known.length <= commonLine) known.push(index);
    }
  }
  return holders;
}

/** The files that share the most bytes in lines that are rare. */
function promising(come: Read, old: Read[], holders: Map<number, number[]>): Read[] {
  const shared = new Map<number, number>();
  for (const [at, hash] of come.lines.hashes.entries()) {
    const files = holders.get(hash) ?? [];
    if (files.length > commonLine) continue;
    for (const index of files) {
      shared.set(index, (shared.get(index) ?? 0) + (come.lines.bytes[at] ?? 0));
    }
  }
  return [...shared]
    .toSorted(([a, most], [b, other]) => other - most || a - b)
    .slice(0, maxCandidates)
    .flatMap(([index]) => old[index] ?? []);
}
