import { diffArrays } from "diff";
import type { TreeEntry } from "../store/objects.ts";
import type { ReadableSide } from "./sides.ts";

/** Larger texts are neither compared nor counted line by line. */
export const maxTextBytes = 1024 * 1024;
export const maxLines = 20_000;
/** Myers' cost grows with lines × edits: beyond this many edits it is a rewrite, not an edit. */
export const maxEdits = 4000;

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
export function countLines(data: Buffer): number {
  let lines = 0;
  for (let at = data.indexOf(newline); at !== -1; at = data.indexOf(newline, at + 1)) lines += 1;
  return data.length > 0 && data.at(-1) !== newline ? lines + 1 : lines;
}

export interface LineCounts {
  added: number;
  removed: number;
}

/** Lines added and removed between two texts; null when they differ too much to tell. */
export function compareLines(before: string, after: string): LineCounts | null {
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
  const changes = diffArrays(old.slice(start, oldEnd), now.slice(start, nowEnd), {
    maxEditLength: maxEdits,
  });
  if (changes === undefined) return null;
  const counts = { added: 0, removed: 0 };
  for (const change of changes) {
    if (change.added) counts.added += change.count;
    else if (change.removed) counts.removed += change.count;
  }
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
