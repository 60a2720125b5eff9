import { isUtf8 } from "node:buffer";
import { ProtocolError } from "@cairn/shared/errors";
import type { DiffFile, PathParam } from "@cairn/shared/files";
import type { WorkHooks } from "../cancelling.ts";
import type { DiffResult } from "../runner.ts";
import { pathBytes, wirePath } from "../scan/paths.ts";
import type { TreeChange } from "./compare.ts";
import { changeAt, compareTrees, entryFacts } from "./compare.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { isDamaged } from "./damage.ts";
import { hunksOf } from "./hunks.ts";
import type { ComparedLines, LineCounts, Text } from "./lines.ts";
import { compareTexts, countsOf, textOf } from "./lines.ts";
import type { Effort } from "./match-lines.ts";
import { keyOf } from "./pool.ts";
import type { CountedFile } from "./known-counts.ts";
import { contentsKey } from "./known-counts.ts";
import { RenameFinder } from "./renames.ts";
import type { ReadableSide } from "./sides.ts";

/** For the counts of a page: about 0.2 s at worst. */
const pageEffort = 16_000_000;
/** Texts that are read for them. */
const pageBytes = 64 * 1024 * 1024;

export interface DiffOptions {
  from: ReadableSide;
  to: ReadableSide;
  path?: PathParam;
  /** Lines that differ in white space only are the same. */
  ignore_whitespace?: boolean;
  /** Tell of a file that was moved as one; so by default. */
  renames?: boolean;
  /** Remembers what it found for the next page. */
  finder?: RenameFinder;
  /** Files whose lines were counted before. */
  counted?: readonly CountedFile[];
  limit: number;
  cursor?: string;
}

/** A file that differs, `movedFrom` another path. */
interface Shown extends TreeChange {
  movedFrom?: Buffer;
}

/** A page of the files that differ, or one file with its hunks.  */
export function diff(options: DiffOptions, hooks: WorkHooks = {}): DiffResult {
  if (options.path !== undefined) return diffOne(options, pathBytes(options.path), hooks);
  const after = options.cursor === undefined ? undefined : decodeCursor(options.cursor);
  const budget: Budget = { left: pageEffort, bytes: pageBytes };
  const linesOf = toldLines(options, budget);
  const files: DiffFile[] = [];
  let last: Buffer | undefined;
  for (const change of shownChanges(options, hooks)) {
    hooks.check?.();
    if (after !== undefined && comparePaths(change.path, after) <= 0) continue;
    if (files.length === options.limit && last !== undefined) {
      return { files, next_cursor: encodeCursor(last) };
    }
    files.push(diffFile(change, linesOf(change)));
    last = change.path;
  }
  return { files };
}

function diffOne(options: DiffOptions, path: Buffer, hooks: WorkHooks): DiffResult {
  const { from, to } = options;
  const change = movedAt(options, changeAt(from, to, path), hooks);
  if (change === undefined) {
    const side = [to, from].some(({ root }) => root !== null);
    if (!side) throw new ProtocolError("not_found", `${path.toString()} is in neither side.`);
    return { files: [], hunks: [] };
  }
  if (change.damaged === true) return { files: [diffFile(change, unknownLines)], hunks: [] };
  const contents = contentsOf(options, change, { left: pageEffort, bytes: pageBytes });
  const file = diffFile(change, linesIn(contents));
  if (file.binary || file.before?.hash === file.after?.hash) return { files: [file], hunks: [] };
  const { compared, texts } = contents;
  if (compared === null) return { files: [file], too_large: true };
  const shown = { old: showAs(texts[0]), now: showAs(texts[1]) };
  return { files: [file], hunks: hunksOf(compared, shown) };
}

/** All that differs, in the order of paths, with what was moved as one. */
function* shownChanges(options: DiffOptions, hooks: WorkHooks): Generator<Shown, void> {
  const { from, to } = options;
  if (options.renames === false || from.root === null || to.root === null) {
    yield* compareTrees(from, to, { contain: true });
    return;
  }
  const changes: TreeChange[] = [];
  for (const change of compareTrees(from, to, { contain: true })) {
    hooks.check?.();
    changes.push(change);
  }
  const finder = options.finder ?? new RenameFinder();
  const renames = finder.find(from, to, changes, hooks);
  const moved = new Set([...renames.values()].map(({ path }) => keyOf(path)));
  for (const change of changes) {
    const source = change.before === null ? renames.get(keyOf(change.path)) : undefined;
    if (source !== undefined) yield { ...change, before: source.entry, movedFrom: source.path };
    else if (change.after !== null || !moved.has(keyOf(change.path))) yield change;
  }
}

/** What the list tells of a path: where a file came from or went to is looked for everywhere. */
function movedAt(
  options: DiffOptions,
  change: TreeChange | undefined,
  hooks: WorkHooks,
): Shown | undefined {
  if (change === undefined || (change.before !== null && change.after !== null)) return change;
  for (const shown of shownChanges(options, hooks)) {
    const { path, movedFrom } = shown;
    if (path.equals(change.path) || movedFrom?.equals(change.path) === true) return shown;
  }
  return change;
}

interface Budget extends Effort {
  bytes: number;
}

interface Contents {
  texts: [Text, Text];
  compared: ComparedLines | null;
}

/** What a list tells of a file's lines. */
interface Lines {
  counts: LineCounts | null;
  binary: boolean;
  damaged?: true;
}

const unknownLines: Lines = { counts: null, binary: false, damaged: true };

function linesIn({ texts, compared }: Contents): Lines {
  return {
    counts: compared === null ? null : countsOf(compared),
    binary: texts.includes("binary"),
  };
}

/** Tells of each file's lines what is known already, or else reads it, within the budget. */
function toldLines(options: DiffOptions, budget: Budget): (change: Shown) => Lines {
  const { counted = [], ignore_whitespace = false } = options;
  const usable = ignore_whitespace ? [] : counted;
  const known = new Map(usable.map((file) => [contentsKey(file.before, file.after), file]));
  return (change) => {
    const { before, after, damaged } = change;
    if (damaged === true) return unknownLines;
    const counts = known.get(contentsKey(before?.hash, after?.hash));
    if (counts !== undefined) return { counts, binary: false };
    try {
      return linesIn(contentsOf(options, change, budget));
    } catch (error) {
      if (isDamaged(error)) return unknownLines;
      throw error;
    }
  };
}

function contentsOf(options: DiffOptions, change: Shown, budget: Budget): Contents {
  const { path, before, after, movedFrom } = change;
  const old = textOf(options.from, movedFrom ?? path, before, budget.bytes);
  const isSame = before !== null && before.hash === after?.hash;
  const now = isSame ? old : textOf(options.to, path, after, budget.bytes);
  const texts: [Text, Text] = [old, now];
  if (typeof old === "string" || typeof now === "string") return { texts, compared: null };
  budget.bytes -= Math.min(budget.bytes, old.lines.length + now.lines.length);
  const { ignore_whitespace = false } = options;
  return { texts, compared: compareTexts(old.lines, now.lines, budget, ignore_whitespace) };
}

function diffFile(change: Shown, { counts, binary, damaged }: Lines): DiffFile {
  const { path, kind, before, after, movedFrom } = change;
  const source = movedFrom === undefined ? null : wirePath(movedFrom);
  return {
    ...wirePath(path),
    kind: source === null ? kind : "renamed",
    ...(source !== null && { renamed_from: source.path }),
    ...(source?.path_b64 !== undefined && { renamed_from_b64: source.path_b64 }),
    before: before && entryFacts(before),
    after: after && entryFacts(after),
    added: counts?.added ?? null,
    removed: counts?.removed ?? null,
    binary,
    ...(damaged === true && { damaged }),
  };
}

/** Text that is no UTF-8 is shown as Latin-1. */
function showAs(text: Text): (line: string) => string {
  const utf8 = typeof text !== "string" && isUtf8(text.lines);
  return (line) => (utf8 ? Buffer.from(line, "latin1").toString() : line);
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
