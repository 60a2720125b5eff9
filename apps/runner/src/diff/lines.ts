import { isUtf8 } from "node:buffer";
import type { TreeEntry } from "../store/objects.ts";
import type { Effort } from "./match-lines.ts";
import { matchLines } from "./match-lines.ts";
import type { ReadableSide } from "./sides.ts";

/** Larger texts are neither compared nor counted line by line. */
const maxTextBytes = 1024 * 1024;
const maxLines = 20_000;
const newline = 0x0a;
const probeBytes = 8000;

/**
 * Text of a file or link: its bytes as one character each, so that lines are equal only if their
 * bytes are. `binary` and `too_large` are not treated as text. Null is no file.
 */
export type Text = { lines: string; utf8: boolean } | "binary" | "too_large";

/** Of more than `most` bytes only the start is read, to tell what is binary. */
export function textOf(
  side: ReadableSide,
  path: Buffer,
  entry: TreeEntry | null,
  most = maxTextBytes,
): Text {
  if (entry === null || entry.kind === "directory") return { lines: "", utf8: true };
  // As git does: a NUL near the start tells binary from text.
  if (entry.size > Math.min(most, maxTextBytes)) {
    return side.read(path, entry, 0, probeBytes).includes(0) ? "binary" : "too_large";
  }
  const data = side.read(path, entry, 0, entry.size);
  if (data.subarray(0, probeBytes).includes(0)) return "binary";
  if (countLines(data) > maxLines) return "too_large";
  return { lines: data.toString("latin1"), utf8: isUtf8(data) };
}

/** Lines of a text; what follows the last newline counts as one. */
function countLines(data: Buffer): number {
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
 * like among the new ones, or -1.
 */
export interface ComparedLines {
  old: string[];
  now: string[];
  matches: Int32Array;
  /** What both begin and end with, whole lines. */
  head: string;
  tail: string;
}

/** Null when telling takes more than the effort left. */
export function compareTexts(
  before: string,
  after: string,
  effort: Effort,
  ignoreWhitespace = false,
): ComparedLines | null {
  const head = sameHead(before, after);
  const tail = sameTail(before, after, head);
  const old = linesOf(before.slice(head, before.length - tail));
  const now = linesOf(after.slice(head, after.length - tail));
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
  const ends = { head: before.slice(0, head), tail: before.slice(before.length - tail) };
  return { old, now, matches, ...ends };
}

/** Length of the whole lines that both texts begin with. */
function sameHead(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === 0 || (at === a.length && at === b.length)) return at;
  // Where one of them ends, a line may go on in the other.
  return a.lastIndexOf("\n", at - 1) + 1;
}

/** Length of the whole lines that both end with, after `head`. */
function sameTail(a: string, b: string, head: number): number {
  const most = Math.min(a.length, b.length) - head;
  let length = 0;
  while (
    length < most &&
    a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length)
  ) {
    length += 1;
  }
  const beginsLine = (text: string): boolean =>
    text.length - length === head || text[text.length - length - 1] === "\n";
  if (beginsLine(a) && beginsLine(b)) return length;
  const next = a.indexOf("\n", a.length - length);
  return next === -1 ? 0 : a.length - next - 1;
}

export function countsOf({ old, now, matches }: ComparedLines): LineCounts {
  const same = matches.reduce((sum, match) => (match === -1 ? sum : sum + 1), 0);
  return { added: now.length - same, removed: old.length - same };
}

/** Lines added and removed between two texts; null when telling takes more than the effort left. */
export function compareLines(before: string, after: string, effort: Effort): LineCounts | null {
  const compared = compareTexts(before, after, effort);
  return compared === null ? null : countsOf(compared);
}

/** Lines with their newlines, so that a missing one at the end is a difference. */
export function linesOf(text: string): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", start)) {
    lines.push(text.slice(start, at + 1));
    start = at + 1;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}
