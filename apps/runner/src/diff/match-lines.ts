import { shortestEdits } from "./shortest-edits.ts";

/** Bounds the comparisons of one call: each costs the square of its edits, some 100 million a second. */
export interface Effort {
  left: number;
}

/** Beyond this many edits among lines that both texts have; finding so many takes 10 ms. */
const maxEdits = 1000;
/** After so many it pays to look for lines that tell where one is. */
const cheapEdits = 200;
const leastEdits = 50;
/** With so much left nothing was cut short for want of effort. */
export const ampleEffort = maxEdits ** 2;

/** Lines as numbers, and where each stands in the whole text. */
interface Part {
  lines: number[];
  at: number[];
}

/**
 * For each line of `old` the line of `now` that is its like, or -1, in rising order; as many as can
 * be found, or null when finding them takes more than the effort left. Lines are numbers: equal
 * ones are the same line.
 */
export function matchLines(
  old: readonly number[],
  now: readonly number[],
  effort: Effort,
): Int32Array | null {
  const matches = new Int32Array(old.length).fill(-1);
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) {
    matches[start] = start;
    start += 1;
  }
  let oldEnd = old.length;
  let nowEnd = now.length;
  while (oldEnd > start && nowEnd > start && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd -= 1;
    nowEnd -= 1;
    matches[oldEnd] = nowEnd;
  }
  const a = partOf(old, start, oldEnd);
  const b = partOf(now, start, nowEnd);
  return matchParts(shared(a, b), shared(b, a), effort, matches) ? matches : null;
}

function partOf(lines: readonly number[], start: number, end: number): Part {
  return {
    lines: lines.slice(start, end),
    at: Array.from({ length: end - start }, (_, n) => start + n),
  };
}

/** What the other part has too: no other line can have its like there. */
function shared(part: Part, other: Part): Part {
  const known = new Set(other.lines);
  const left: Part = { lines: [], at: [] };
  for (const [n, line] of part.lines.entries()) {
    if (!known.has(line)) continue;
    left.lines.push(line);
    left.at.push(part.at[n] ?? 0);
  }
  return left;
}

function matchParts(a: Part, b: Part, effort: Effort, matches: Int32Array): boolean {
  if (matchByEdits(a, b, cheapEdits, effort, matches)) return true;
  const anchors = anchorsOf(a.lines, b.lines);
  if (anchors.length === 0) return matchByEdits(a, b, maxEdits, effort, matches);
  let i = 0;
  let j = 0;
  for (const [x, y] of [...anchors, [a.lines.length, b.lines.length] as const]) {
    const [left, right] = [between(a, i, x), between(b, j, y)];
    const [old, now] = [shared(left, right), shared(right, left)];
    if (!matchByEdits(old, now, maxEdits, effort, matches)) return false;
    if (x < a.lines.length) matches[a.at[x] ?? 0] = b.at[y] ?? -1;
    i = x + 1;
    j = y + 1;
  }
  return true;
}

function between({ lines, at }: Part, start: number, end: number): Part {
  return { lines: lines.slice(start, end), at: at.slice(start, end) };
}

function matchByEdits(
  a: Part,
  b: Part,
  most: number,
  effort: Effort,
  matches: Int32Array,
): boolean {
  if (a.lines.length === 0 || b.lines.length === 0) return true;
  const limit = Math.floor(Math.min(most, Math.sqrt(effort.left)));
  const edits = shortestEdits(a.lines, b.lines, limit, (inA, inB) => {
    matches[a.at[inA] ?? 0] = b.at[inB] ?? -1;
  });
  // Not below what tells a few edits apart: small files after a large one still count.
  effort.left = Math.max(effort.left - (edits ?? limit) ** 2, leastEdits ** 2);
  return edits !== undefined;
}

/** Lines that both have once, as many as stand in the same order in both: where, in each. */
function anchorsOf(a: readonly number[], b: readonly number[]): [number, number][] {
  const inA = placesOfSingles(a);
  const inB = placesOfSingles(b);
  const pairs: [number, number][] = [];
  for (const [line, place] of inA) {
    const other = inB.get(line);
    if (other !== undefined) pairs.push([place, other]);
  }
  return longestRising(pairs);
}

function placesOfSingles(lines: readonly number[]): Map<number, number> {
  const places = new Map<number, number>();
  const often = new Set<number>();
  for (const [place, line] of lines.entries()) {
    if (places.has(line)) often.add(line);
    places.set(line, place);
  }
  for (const line of often) places.delete(line);
  return places;
}

/** The longest row of pairs whose second numbers rise; the first ones do already. */
function longestRising(pairs: readonly [number, number][]): [number, number][] {
  /** By length of a row: which pair ends the one that ends lowest. */
  const ends: number[] = [];
  const previous = new Int32Array(pairs.length).fill(-1);
  for (const [index, [, value]] of pairs.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[ends[middle] ?? 0]?.[1] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[index] = ends[low - 1] ?? -1;
    ends[low] = index;
  }
  const row: [number, number][] = [];
  for (let index = ends.at(-1) ?? -1; index !== -1; index = previous[index] ?? -1) {
    const pair = pairs[index];
    if (pair !== undefined) row.push(pair);
  }
  return row.toReversed();
}
