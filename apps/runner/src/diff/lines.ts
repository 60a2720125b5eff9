import type { TreeEntry } from "../store/objects.ts";
import type { Effort } from "./match-lines.ts";
import { matchLines } from "./match-lines.ts";
import { sameEnd, sameStart } from "./same-ends.ts";
import type { ReadableSide } from "./sides.ts";

/** Larger texts are neither compared nor counted line by line. */
const maxTextBytes = 1024 * 1024;
const maxLines = 20_000;
const newline = 0x0a;
const probeBytes = 8000;

/** Text of a file or link; `binary` and `too_large` are not treated as text. Null is no file. */
export type Text = { lines: Buffer } | "binary" | "too_large";

const noLines = Buffer.alloc(0);

/** Of more than `most` bytes only the start is read, to tell what is binary. */
export function textOf(
  side: ReadableSide,
  path: Buffer,
  entry: TreeEntry | null,
  most = maxTextBytes,
): Text {
  if (entry === null || entry.kind === "directory") return { lines: noLines };
  // As git does: a NUL near the start tells binary from text.
  if (entry.size > Math.min(most, maxTextBytes)) {
    return side.read(path, entry, 0, probeBytes).includes(0) ? "binary" : "too_large";
  }
  const data = side.read(path, entry, 0, entry.size);
  if (data.subarray(0, probeBytes).includes(0)) return "binary";
  // No line is shorter than a byte.
  if (data.length > maxLines && countLines(data) > maxLines) return "too_large";
  return { lines: data };
}

/** Lines of a text; what follows the last newline counts as one. */
export function countLines(data: Buffer): number {
  let lines = 0;
  for (let at = data.indexOf(newline); at !== -1; at = data.indexOf(newline, at + 1)) lines += 1;
  return data.length > 0 && data.at(-1) !== newline ? lines + 1 : lines;
}

export interface LineCounts {
  added: number;
  removed: number;
}

/**
 * Two texts, without the lines at both ends that are the same: by lines, and for each old one its
 * like among the new ones, or -1. Lines hold a byte a character, so that they are equal only if
 * their bytes are.
 */
export interface ComparedLines {
  old: string[];
  now: string[];
  matches: Int32Array;
  /** What both begin and end with, whole lines. */
  head: Buffer;
  tail: Buffer;
}

/** Null when telling takes more than the effort left. */
export function compareTexts(
  before: Buffer,
  after: Buffer,
  effort: Effort,
  ignoreWhitespace = false,
): ComparedLines | null {
  const head = sameHead(before, after);
  const tail = sameTail(before, after, head);
  const old = linesOf(before.subarray(head, before.length - tail));
  const now = linesOf(after.subarray(head, after.length - tail));
  const numbers = new Map<string, number>();
  const numberOf = (line: string): number => {
    const key = ignoreWhitespace ? line.replaceAll(/[ \t\r\n\f\v]+/g, "") : line;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  const matches = matchLines(old.map(numberOf), now.map(numberOf), effort);
  if (matches === null) return null;
  const ends = { head: before.subarray(0, head), tail: before.subarray(before.length - tail) };
  return { old, now, matches, ...ends };
}

/** Bytes of the whole lines that both texts begin with. */
function sameHead(a: Buffer, b: Buffer): number {
  const same = sameStart(a, b);
  if (same === 0 || (same === a.length && same === b.length)) return same;
  // Where one of them ends, a line may go on in the other.
  return a.lastIndexOf(newline, same - 1) + 1;
}

/** Bytes of the whole lines that both end with, after `head`. */
function sameTail(a: Buffer, b: Buffer, head: number): number {
  const same = sameEnd(a, b, Math.min(a.length, b.length) - head);
  const beginsLine = (text: Buffer): boolean =>
    text.length - same === head || text[text.length - same - 1] === newline;
  if (beginsLine(a) && beginsLine(b)) return same;
  const next = a.indexOf(newline, a.length - same);
  return next === -1 ? 0 : a.length - next - 1;
}

export function countsOf({ old, now, matches }: ComparedLines): LineCounts {
  const same = matches.reduce((sum, match) => (match === -1 ? sum : sum + 1), 0);
  return { added: now.length - same, removed: old.length - same };
}

/** Lines added and removed between two texts; null when telling takes more than the effort left. */
export function compareLines(before: Buffer, after: Buffer, effort: Effort): LineCounts | null {
  const compared = compareTexts(before, after, effort);
  return compared === null ? null : countsOf(compared);
}

/** Lines with their newlines, so that a missing one at the end is a difference. */
export function linesOf(data: Buffer): string[] {
  const text = data.toString("latin1");
  const lines: string[] = [];
  let start = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", start)) {
    lines.push(text.slice(start, at + 1));
    start = at + 1;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}
