import type { DiffHunk } from "@cairn/shared/files";

/** A line of a unified diff; `mark` is the stretch that changed within its pair, [from, to). */
export interface DiffLine {
  kind: "context" | "added" | "removed";
  old: number | null;
  new: number | null;
  text: string;
  mark: readonly [number, number] | null;
}

export type DiffRow =
  | DiffLine
  | { kind: "hunk"; index: number; header: string; unchanged: number }
  | { kind: "note"; text: string };

/** Characters of a line that are drawn; the rest is counted in words. */
export const shownCharacters = 2000;

const kinds = { " ": "context", "+": "added", "-": "removed" } as const;

function isSign(sign: string | undefined): sign is keyof typeof kinds {
  return sign === " " || sign === "+" || sign === "-";
}

/** A side without lines is written as the line before it. */
function range(start: number, lines: number): string {
  return `${lines === 0 ? Math.max(0, start - 1) : start},${lines}`;
}

function header(hunk: DiffHunk): string {
  const { old_start, old_lines, new_start, new_lines } = hunk;
  return `@@ -${range(old_start, old_lines)} +${range(new_start, new_lines)} @@`;
}

/** Rows of a unified diff, numbered on both sides, with a row before each hunk. */
export function diffRows(hunks: readonly DiffHunk[]): DiffRow[] {
  const rows: DiffRow[] = [];
  let oldEnd = 1;
  for (const [index, hunk] of hunks.entries()) {
    rows.push({
      kind: "hunk",
      index,
      header: header(hunk),
      unchanged: Math.max(0, hunk.old_start - oldEnd),
    });
    let oldLine = hunk.old_start;
    let newLine = hunk.new_start;
    for (const line of hunk.lines) {
      const sign = line[0];
      const text = line.slice(1);
      if (!isSign(sign)) {
        rows.push({ kind: "note", text: text.trim() });
        continue;
      }
      const kind = kinds[sign];
      rows.push({
        kind,
        old: kind === "added" ? null : oldLine++,
        new: kind === "removed" ? null : newLine++,
        text,
        mark: null,
      });
    }
    oldEnd = oldLine;
  }
  return markPairs(rows);
}

function isPart(row: DiffRow | undefined, kind: "added" | "removed"): row is DiffLine {
  return row?.kind === kind;
}

/** Marks what changed in lines that were rewritten one for one. */
function markPairs(rows: DiffRow[]): DiffRow[] {
  const marked = [...rows];
  let at = 0;
  while (at < rows.length) {
    let middle = at;
    while (isPart(rows[middle], "removed") || (middle > at && rows[middle]?.kind === "note"))
      middle++;
    let end = middle;
    while (isPart(rows[end], "added")) end++;
    const removed: number[] = [];
    for (let index = at; index < middle; index++)
      if (isPart(rows[index], "removed")) removed.push(index);
    if (removed.length > 0 && removed.length === end - middle)
      for (const [offset, index] of removed.entries()) {
        const before = rows[index];
        const after = rows[middle + offset];
        if (!isPart(before, "removed") || !isPart(after, "added")) continue;
        const marks = changedStretch(before.text, after.text);
        if (marks === null) continue;
        marked[index] = { ...before, mark: marks.before };
        marked[middle + offset] = { ...after, mark: marks.after };
      }
    at = Math.max(end, at + 1);
  }
  return marked;
}

/** What lies between the common start and end of two lines; null when they share too little. */
function changedStretch(
  before: string,
  after: string,
): { before: [number, number]; after: [number, number] } | null {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let tail = 0;
  while (
    tail < shorter - start &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++;
  const between = { before: before.length - tail, after: after.length - tail };
  // Whole words read better than the letters that two words happen to share.
  while (start > 0 && isWord(before[start - 1]) && (isWord(before[start]) || isWord(after[start])))
    start--;
  while (
    tail > 0 &&
    isWord(before[between.before]) &&
    (isWord(before[between.before - 1]) || isWord(after[between.after - 1]))
  ) {
    tail--;
    between.before++;
    between.after++;
  }
  // Never cut a surrogate pair in two.
  if (start > 0 && isHigh(before, start - 1)) start--;
  if (tail > 0 && isLow(before, between.before)) {
    between.before++;
    between.after++;
  }
  const shared = before.slice(0, start).trim().length + tail;
  const longer = Math.min(Math.max(before.length, after.length), shownCharacters);
  if (shared * 3 < longer) return null;
  return { before: [start, between.before], after: [start, between.after] };
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}

function isHigh(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xd800 && code <= 0xdbff;
}

function isLow(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}

const tabColumns = 4;
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u;

/** Columns that a line takes in a monospaced font; for the width that long lines scroll in. */
export function columns(text: string): number {
  let count = 0;
  for (const character of text.slice(0, shownCharacters)) {
    if (character === "\t") count += tabColumns - (count % tabColumns);
    else if (character < "\u0020") count += 2;
    else count += character > "\u10ff" && wide.test(character) ? 2 : 1;
  }
  return count;
}
