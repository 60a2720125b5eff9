import { diffArrays } from "diff";
import type { TreeEntry } from "../store/objects.ts";
import type { ReadableSide } from "./sides.ts";

/** Larger texts are neither compared nor counted line by line. */
const maxTextBytes = 1024 * 1024;
const maxLines = 20_000;
/** Beyond this many edits a text was rewritten, not edited; finding so many takes 60 ms. */
export const maxEdits = 1000;

/** Bounds the comparisons of one call: each costs the square of its edits, 16 million a second. */
export interface Effort {
  left: number;
}

const leastEdits = 50;
const newline = 0x0a;
const probeBytes = 8000;

/** Text of a file or link, `binary`, or `too_large` to be treated as text. Null is no file. */
export type Text = { lines: string } | "binary" | "too_large";

export function textOf(side: ReadableSide, path: Buffer, entry: TreeEntry | null): Text {
  if (entry === null || entry.kind === "directory") return { lines: "" };
  // As git does: a NUL near the start tells binary from text.
  if (entry.size > maxTextBytes) {
    return side.read(path, entry, 0, probeBytes).includes(0) ? "binary" : "too_large";
  }
  const data = side.read(path, entry, 0, entry.size);
  if (data.subarray(0, probeBytes).includes(0)) return "binary";
  return countLines(data) > maxLines ? "too_large" : { lines: data.toString() };
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

/** Lines added and removed between two texts; null when telling takes more than the effort left. */
export function compareLines(before: string, after: string, effort: Effort): LineCounts | null {
  const old = linesOf(before);
  const now = linesOf(after);
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let oldEnd = old.length;
  let nowEnd = now.length;
  while (oldEnd > start && nowEnd > start && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd -= 1;
    nowEnd -= 1;
  }
  const removed = oldEnd - start;
  const added = nowEnd - start;
  if (removed === 0 || added === 0) return { added, removed };
  const edits = Math.floor(Math.sqrt(Math.min(effort.left, maxEdits ** 2)));
  const changes = diffArrays(old.slice(start, oldEnd), now.slice(start, nowEnd), {
    maxEditLength: edits,
  });
  if (changes === undefined) {
    // Not below what tells a few edits apart: small files after a large one still count.
    effort.left = Math.max(effort.left - edits ** 2, leastEdits ** 2);
    return null;
  }
  const counts = { added: 0, removed: 0 };
  for (const change of changes) {
    if (change.added) counts.added += change.count;
    else if (change.removed) counts.removed += change.count;
  }
  effort.left -= (counts.added + counts.removed) ** 2;
  effort.left = Math.max(effort.left, leastEdits ** 2);
  return counts;
}

/** Lines with their newlines, so that a missing one at the end is a difference. */
function linesOf(text: string): string[] {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  const whole = lines.map((line) => `${line}\n`);
  if (last !== "") whole.push(last);
  return whole;
}
