import type { DiffHunk } from "@cairn/shared/files";
import type { ComparedLines } from "./lines.ts";
import { countLines, linesOf } from "./lines.ts";

const contextLines = 3;
const newline = 0x0a;
const noNewline = String.raw`\ No newline at end of file`;

/** Lines `oldAt` up to `oldEnd` that `nowAt` up to `nowEnd` stand for now. */
interface Edit {
  oldAt: number;
  oldEnd: number;
  nowAt: number;
  nowEnd: number;
}

/** How the lines of each side are shown: they hold a byte a character. */
export interface Shown {
  old: (line: string) => string;
  now: (line: string) => string;
}

/** What differs, with a few of the lines around it. */
interface View {
  old: string[];
  now: string[];
  /** How many lines both begin with that differ in nothing, and how many of those are left out. */
  same: number;
  leftOut: number;
}

/**
 * Hunks of a unified diff, with three lines around each edit; lines that are taken for the same
 * are shown as they are now. Starts count from 1, also where there are no lines.
 */
export function hunksOf(compared: ComparedLines, shown: Shown): DiffHunk[] {
  const view = viewOf(compared);
  return groupsOf(editsOf(compared, view.same)).map((edits) => hunkOf(edits, view, shown));
}

function viewOf({ old, now, head, tail }: ComparedLines): View {
  const above = linesOf(head.subarray(lastLinesAt(head)));
  const below = linesOf(tail.subarray(0, firstLinesEnd(tail)));
  return {
    old: [...above, ...old, ...below],
    now: [...above, ...now, ...below],
    same: above.length,
    leftOut: countLines(head) - above.length,
  };
}

/** Where the last few of whole lines begin. */
function lastLinesAt(text: Buffer): number {
  let at = text.length;
  for (let n = 0; n < contextLines && at > 0; n += 1) {
    at = at === 1 ? 0 : text.lastIndexOf(newline, at - 2) + 1;
  }
  return at;
}

/** Where the first few lines end. */
function firstLinesEnd(text: Buffer): number {
  let end = 0;
  for (let n = 0; n < contextLines && end < text.length; n += 1) {
    const next = text.indexOf(newline, end);
    end = next === -1 ? text.length : next + 1;
  }
  return end;
}

function editsOf({ old, now, matches }: ComparedLines, same: number): Edit[] {
  const edits: Edit[] = [];
  let oldAt = 0;
  let nowAt = 0;
  for (let at = 0; at <= old.length; at += 1) {
    const match = at === old.length ? now.length : (matches[at] ?? -1);
    if (match === -1) continue;
    if (at > oldAt || match > nowAt) {
      const [oldFrom, nowFrom] = [oldAt + same, nowAt + same];
      edits.push({ oldAt: oldFrom, oldEnd: at + same, nowAt: nowFrom, nowEnd: match + same });
    }
    oldAt = at + 1;
    nowAt = match + 1;
  }
  return edits;
}

/** Edits whose surroundings touch are told of in one hunk. */
function groupsOf(edits: Edit[]): Edit[][] {
  const groups: Edit[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const edit of edits) {
    if (edit.oldAt - end <= 2 * contextLines) groups.at(-1)?.push(edit);
    else groups.push([edit]);
    end = edit.oldEnd;
  }
  return groups;
}

function hunkOf(edits: Edit[], { old, now, leftOut }: View, shown: Shown): DiffHunk {
  const lines: string[] = [];
  const push = (mark: string, line: string, show: (line: string) => string): void => {
    const whole = line.endsWith("\n");
    lines.push(mark + show(whole ? line.slice(0, -1) : line));
    if (!whole) lines.push(noNewline);
  };
  const same = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) push(" ", now[at] ?? "", shown.now);
  };
  const first = edits[0] ?? { oldAt: 0, nowAt: 0 };
  const last = edits.at(-1) ?? { oldEnd: 0, nowEnd: 0 };
  const before = Math.min(contextLines, first.oldAt, first.nowAt);
  const after = Math.min(contextLines, old.length - last.oldEnd, now.length - last.nowEnd);
  let at = first.nowAt - before;
  for (const edit of edits) {
    same(at, edit.nowAt);
    for (let n = edit.oldAt; n < edit.oldEnd; n += 1) push("-", old[n] ?? "", shown.old);
    for (let n = edit.nowAt; n < edit.nowEnd; n += 1) push("+", now[n] ?? "", shown.now);
    at = edit.nowEnd;
  }
  same(at, at + after);
  return {
    old_start: leftOut + first.oldAt - before + 1,
    old_lines: last.oldEnd + after - (first.oldAt - before),
    new_start: leftOut + first.nowAt - before + 1,
    new_lines: last.nowEnd + after - (first.nowAt - before),
    lines,
  };
}
