import type { Operation } from "@cairn/shared/operation";
import { plural, shortId } from "../format.ts";

/** How a checkpoint is named in a sentence: its message if that is known, else its short id. */
export type NameCheckpoint = (checkpoint_id: string) => string;

const kinds = {
  restore: "Restore",
  undo: "Undo",
  redo: "Redo",
  delete: "Delete",
  undelete: "Undelete",
  compact: "Compact",
  delete_session: "Delete session",
  undelete_session: "Undelete session",
} as const satisfies Record<Operation["kind"], string>;

const statuses = {
  pending: "in progress",
  done: "done",
  done_with_differences: "done, with differences",
  failed: "failed, the folder is as before",
  // It failed on the way, was cancelled or cut off by a crash: nothing of it is left.
  rolled_back: "taken back, the folder is as before",
} as const satisfies Record<Operation["status"], string>;

/** `Restore`, `Undo of a restore`. */
export function operationTitle(operation: Operation, all: readonly Operation[]): string {
  const title = kinds[operation.kind];
  if (operation.kind !== "undo" && operation.kind !== "redo") return title;
  const subject = all.find((other) => other.operation_id === operation.subject_id);
  return subject === undefined ? title : `${title} of ${phrase(subject.kind)}`;
}

function phrase(kind: Operation["kind"]): string {
  const word = kinds[kind].toLowerCase();
  return `${word.startsWith("u") ? "an" : "a"} ${word}`;
}

/** What an operation was about: a checkpoint's name, or how many it removed. */
export function operationTarget(operation: Operation, name: NameCheckpoint): string {
  if (operation.kind === "compact") return plural(operation.removed, "checkpoint");
  return operation.checkpoint_id === null ? "" : name(operation.checkpoint_id);
}

export function statusWord(operation: Operation): string {
  if (operation.undone_by !== null) return `${statuses[operation.status]}, then undone`;
  return statuses[operation.status];
}

/** Whether taking this back changes files of the folder. */
export function changesFiles(operation: Operation): boolean {
  return operation.safety_checkpoint_id !== null;
}

/** The operation that Undo, or Redo, would take next. */
export function nextOf(
  operations: readonly Operation[],
  direction: "undo" | "redo",
): Operation | null {
  return operations.find((operation) => operation.next === direction) ?? null;
}

/** What pressing Undo or Redo would do, for its tooltip and its dialog. */
export function effect(
  direction: "undo" | "redo",
  operation: Operation | null,
  all: readonly Operation[],
  name: NameCheckpoint,
): string {
  if (operation === null) return `Nothing to ${direction}`;
  const verb = direction === "undo" ? "Undo" : "Redo";
  const subject = all.find((other) => other.operation_id === operation.subject_id);
  // A redo takes back an undo, but people think of what that undo was about.
  if (operation.kind === "undo" && direction === "redo")
    return subject === undefined || subject.kind === "undo"
      ? "Redo what was undone"
      : effect("redo", subject, all, name);
  return `${verb} the ${deeds[operation.kind](operationTarget(operation, name))}`;
}

const deeds = {
  restore: (target) => `restore to ${target}`,
  undo: () => "undo",
  redo: () => "redo",
  delete: (target) => `delete of ${target}`,
  compact: (target) => `compaction that removed ${target}`,
  delete_session: () => "delete of the session",
  undelete: (target) => `undelete of ${target}`,
  undelete_session: () => "undelete of the session",
} as const satisfies Record<Operation["kind"], (target: string) => string>;

/** A checkpoint named by its first line, cut for a sentence, or by its short id. */
export function checkpointName(message: string | undefined, checkpoint_id: string): string {
  const line = message?.trim().split("\n", 1)[0]?.trim() ?? "";
  if (line === "") return shortId(checkpoint_id);
  return line.length > 60 ? `“${cut(line, 59)}…”` : `“${line}”`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The start of a line, at most `units` UTF-16 units, never in the middle of a character. */
function cut(line: string, units: number): string {
  let end = 0;
  for (const { index, segment } of graphemes.segment(line.slice(0, units + 64))) {
    if (index + segment.length > units) break;
    end = index + segment.length;
  }
  return line.slice(0, end);
}

const undoable: ReadonlySet<string> = new Set(["restore", "delete", "compact"]);

/** What can be done to an entry of the log: only the latest undo can be redone. */
export function entryAction(operation: Operation): "undo" | "redo" | null {
  if (operation.next !== null) return operation.next;
  const done = operation.status === "done" || operation.status === "done_with_differences";
  return undoable.has(operation.kind) && done && operation.undone_by === null ? "undo" : null;
}
