import type { DiffFile, FileFacts, FileKind } from "@cairn/shared/files";
import { formatBytes } from "../format.ts";
import { visibleString } from "../ui/visible.ts";

/** What the words of a change are made from: an entry of a diff or of a restore plan. */
export interface Change {
  kind: DiffFile["kind"];
  before: FileFacts | null;
  after: FileFacts | null;
}

export const changeLetters = {
  added: { letter: "A", word: "added" },
  modified: { letter: "M", word: "modified" },
  removed: { letter: "D", word: "removed" },
  type: { letter: "T", word: "type changed" },
  mode: { letter: "P", word: "permissions changed" },
  renamed: { letter: "R", word: "renamed" },
} as const satisfies Record<DiffFile["kind"], { letter: string; word: string }>;

const kindWords = {
  file: "file",
  executable: "executable",
  symlink: "symbolic link",
  directory: "folder",
} as const satisfies Record<FileKind, string>;

/** Permission bits as `ls` users write them: `644`. */
function modeDigits(mode: number): string {
  return mode.toString(8).padStart(3, "0");
}

/** `644 → 755`, or null where the mode stands still or means nothing (links). */
function modeChange({ before, after }: Change): string | null {
  if (before === null || after === null || before.mode === after.mode) return null;
  if (before.kind === "symlink" || after.kind === "symlink") return null;
  return `${modeDigits(before.mode)} → ${modeDigits(after.mode)}`;
}

function sizeOf(facts: FileFacts): string | null {
  return facts.kind === "directory" || facts.kind === "symlink" ? null : formatBytes(facts.size);
}

/** The fact worth a glance in a list beside the letter: `folder`, `644 → 755`, `binary`. */
export function changeWords(
  change: Change & { binary?: boolean; damaged?: boolean | undefined },
): string {
  const { kind, before, after } = change;
  if (kind === "type" && before !== null && after !== null)
    return `${kindWords[before.kind]} → ${kindWords[after.kind]}`;
  const words: string[] = [];
  const facts = after ?? before;
  if (facts !== null && facts.kind !== "file" && kind !== "mode") words.push(kindWords[facts.kind]);
  const mode = modeChange(change);
  if (mode !== null) words.push(mode);
  if (change.binary === true && kind !== "mode") words.push("binary");
  if (change.damaged === true) words.push("damaged in the store");
  return words.join(" · ");
}

/** `1.2 KB → 1.4 KB`, `1.2 KB`, or null for what has no size of its own. */
export function sizeChange({ before, after }: Change): string | null {
  const from = before === null ? null : sizeOf(before);
  const to = after === null ? null : sizeOf(after);
  if (from === null || to === null) return from ?? to;
  return from === to ? to : `${from} → ${to}`;
}

/** Sentences about a change that lines alone do not show. */
export function changeSentences(
  file: Change & {
    binary?: boolean;
    damaged?: boolean | undefined;
    renamed_from?: string | undefined;
  },
  shown: { hunks: number; tooLarge: boolean; ignored?: boolean },
): string[] {
  const sentences: string[] = [];
  if (file.renamed_from !== undefined)
    sentences.push(`Renamed from ${visibleString(file.renamed_from)}.`);
  const { kind, before, after } = file;
  const facts = after ?? before;
  const size = sizeChange(file);
  if (kind === "type" && before !== null && after !== null)
    sentences.push(`The ${kindWords[before.kind]} became a ${kindWords[after.kind]}.`);
  else if ((kind === "added" || kind === "removed") && facts !== null && facts.kind !== "file")
    sentences.push(`${kind === "added" ? "New" : "Removed"} ${kindWords[facts.kind]}.`);
  else if (before?.kind === "symlink" && after?.kind === "symlink")
    sentences.push("The symbolic link points elsewhere.");
  const mode = modeChange(file);
  if (mode !== null) {
    const only = kind === "mode" ? " The content is the same." : "";
    sentences.push(`Permissions changed: ${mode}${executableWord(file)}.${only}`);
  }
  if (shown.hunks > 0 || kind === "mode") return sentences;
  if (file.damaged === true)
    sentences.push("The store's copy of it is damaged: what changed in it cannot be told.");
  else if (file.binary === true)
    sentences.push(`Binary file${size === null ? "" : `, ${size}`}. It has no lines to compare.`);
  else if (isMoveOnly(file)) sentences.push("The content is the same.");
  else if (shown.tooLarge)
    sentences.push(`Too large to compare line by line${size === null ? "" : ` (${size})`}.`);
  else if (facts !== null && facts.size === 0 && sizeOf(facts) !== null && sentences.length === 0)
    sentences.push(kind === "removed" ? "The file was empty." : "The file is empty.");
  else if (shown.ignored === true) sentences.push("Only white space differs.");
  else if (sentences.length === 0) sentences.push("There are no lines to show.");
  return sentences;
}

/** Why a list with moved files is shorter than the number of changed files; empty without them. */
export function movedNote(files: readonly { kind: DiffFile["kind"] }[]): string {
  const moved = files.filter(({ kind }) => kind === "renamed").length;
  if (moved === 0) return "";
  return moved === 1
    ? "The moved file is listed once and counts as two: one removed, one added."
    : `The ${moved} moved files are listed once and count as two each: one removed, one added.`;
}

function isMoveOnly({ kind, before, after }: Change): boolean {
  return kind === "renamed" && before?.hash !== null && before?.hash === after?.hash;
}

function executableWord({ before, after }: Change): string {
  const was = ((before?.mode ?? 0) & 0o100) !== 0;
  const is = ((after?.mode ?? 0) & 0o100) !== 0;
  if (was === is || after?.kind === "directory") return "";
  return is ? ", now executable" : ", no longer executable";
}
