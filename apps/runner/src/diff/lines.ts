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

/** Two texts by lines, and for each old line its like among the new ones, or -1. */
export interface ComparedLines {
  old: string[];
  now: string[];
  matches: Int32Array;
}

/** Null when telling takes more than the effort left. */
export function compareTexts(
  before: string,
  after: string,
  effort: Effort,
  ignoreWhitespace = false,
): ComparedLines | null {
  const old = linesOf(before);
  const now = linesOf(after);
  const numbers = new Map<string, number>();
  const numberOf = (line: string): number => {
    const key = ignoreWhitespace ? line.replaceAll(/[ \t\r\n\f\v]+/g, "") : line;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  const matches = matchLines(old.map(numberOf), now.map(numberOf), effort);
  return matches === null ? null : { old, now, matches };
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
function linesOf(text: string): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", start)) {
    lines.push(text.slice(start, at + 1));
    start = at + 1;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}
