import { ProtocolError } from "@cairn/shared/errors";
import type { DiffFile, DiffHunk, PathParam } from "@cairn/shared/files";
import { structuredPatch } from "diff";
import type { WorkHooks } from "../cancelling.ts";
import type { DiffResult } from "../runner.ts";
import { pathBytes, wirePath } from "../scan/paths.ts";
import type { TreeChange } from "./compare.ts";
import { compareTrees, entryFacts } from "./compare.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Effort, LineCounts, Text } from "./lines.ts";
import { compareLines, maxEdits, textOf } from "./lines.ts";
import type { ReadableSide } from "./sides.ts";

const contextLines = 3;
/** For the counts of a page: about a second at worst. */
const pageEffort = 16_000_000;

export interface DiffOptions {
  from: ReadableSide;
  to: ReadableSide;
  path?: PathParam;
  limit: number;
  cursor?: string;
}

/** A page of the files that differ, or one file with its hunks.  */
export function diff(options: DiffOptions, hooks: WorkHooks = {}): DiffResult {
  if (options.path !== undefined) return diffOne(options, pathBytes(options.path));
  const after = options.cursor === undefined ? undefined : decodeCursor(options.cursor);
  const effort = { left: pageEffort };
  const files: DiffFile[] = [];
  let last: Buffer | undefined;
  for (const change of compareTrees(options.from, options.to)) {
    hooks.check?.();
    if (after !== undefined && comparePaths(change.path, after) <= 0) continue;
    if (files.length === options.limit && last !== undefined) {
      return { files, next_cursor: encodeCursor(last) };
    }
    files.push(diffFile(change, counts(...textsOf(options, change), effort)));
    last = change.path;
  }
  return { files };
}

function diffOne(options: DiffOptions, path: Buffer): DiffResult {
  for (const change of compareTrees(options.from, options.to)) {
    if (!change.path.equals(path)) continue;
    const texts = textsOf(options, change);
    const file = diffFile(change, counts(...texts, { left: pageEffort }));
    if (file.binary || file.before?.hash === file.after?.hash) return { files: [file], hunks: [] };
    const hunks = hunksOf(...texts);
    return hunks === undefined
      ? { files: [{ ...file, added: null, removed: null }], too_large: true }
      : { files: [file], hunks };
  }
  const side = [options.to, options.from].some(({ root }) => root !== null);
  if (!side) throw new ProtocolError("not_found", `${path.toString()} is in neither side.`);
  return { files: [], hunks: [] };
}

interface Counted {
  lines: LineCounts | null;
  binary: boolean;
}

function textsOf({ from, to }: DiffOptions, { path, before, after }: TreeChange): [Text, Text] {
  return [textOf(from, path, before), textOf(to, path, after)];
}

function counts(before: Text, after: Text, effort: Effort): Counted {
  if (before === "binary" || after === "binary") return { lines: null, binary: true };
  if (before === "too_large" || after === "too_large") return { lines: null, binary: false };
  return { lines: compareLines(before.lines, after.lines, effort), binary: false };
}

function diffFile({ path, kind, before, after }: TreeChange, { lines, binary }: Counted): DiffFile {
  return {
    ...wirePath(path),
    kind,
    before: before && entryFacts(before),
    after: after && entryFacts(after),
    added: lines?.added ?? null,
    removed: lines?.removed ?? null,
    binary,
  };
}

/** Undefined when the texts are too large, or differ too much. */
function hunksOf(before: Text, after: Text): DiffHunk[] | undefined {
  if (typeof before === "string" || typeof after === "string") return undefined;
  const patch = structuredPatch("", "", before.lines, after.lines, undefined, undefined, {
    context: contextLines,
    maxEditLength: maxEdits,
  });
  return patch?.hunks.map((hunk) => ({
    old_start: hunk.oldStart,
    old_lines: hunk.oldLines,
    new_start: hunk.newStart,
    new_lines: hunk.newLines,
    lines: hunk.lines,
  }));
}

/** The order in which trees are walked: name by name, a folder before what is in it. */
export function comparePaths(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    if (left === right) continue;
    if (left === 0x2f) return -1;
    if (right === 0x2f) return 1;
    return left - right;
  }
  return a.length - b.length;
}
