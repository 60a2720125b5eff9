import type { ChangeKind, Difference } from "@cairn/shared/files";
import type { Progress } from "../state/progress.ts";
import { formatBytes, formatCount, plural } from "../format.ts";
import type { LoadedPlan } from "./use-plan.ts";

/** What a restore does to a path, in the order in which work could be lost. */
export type Fate = "removed" | "overwritten" | "brought_back";

export function fate(kind: ChangeKind): Fate {
  if (kind === "removed") return "removed";
  return kind === "added" ? "brought_back" : "overwritten";
}

export const fateTitles = {
  removed: "Removed from the folder",
  overwritten: "Changed back",
  brought_back: "Brought back",
} as const satisfies Record<Fate, string>;

/** `2 removed, 3 changed back, 1 brought back`. */
export function countWords({ removed, modified, added }: LoadedPlan["counts"]): string {
  const words = [
    removed > 0 && `${formatCount(removed)} removed`,
    modified > 0 && `${formatCount(modified)} changed back`,
    added > 0 && `${formatCount(added)} brought back`,
  ];
  return words.filter((word) => word !== false).join(", ");
}

/** Whether all `files` of a checkpoint are missing, as where the folder was moved away. */
export function isAllMissing({ added }: LoadedPlan["counts"], files: number | undefined): boolean {
  return added > 0 && added === files;
}

/** What the restore button does: `Restore 7 files`. */
export function effectWords(chosen: number, copy: boolean): string {
  return `${copy ? "Copy" : "Restore"} ${plural(chosen, "file")}`;
}

const reasons = {
  blocked_by_ignored: "an ignored path stands there and stays as it is",
  changed_meanwhile: "changed while it was restored; the newer content was kept",
  skipped: "could not be read, so it was left alone",
  damaged: "its stored content is damaged",
  failed: "could not be written",
  unsupported: "this system cannot hold it",
} as const satisfies Record<Difference["reason"], string>;

/** Why a path does not end as the checkpoint has it. */
export function differenceWords({ reason, detail }: Difference): string {
  return detail === undefined || detail === "" ? reasons[reason] : `${reasons[reason]}: ${detail}`;
}

const phases: Readonly<Record<string, string>> = {
  scan: "Looking at the folder",
  store: "Saving the folder as it is now",
  plan: "Comparing",
  apply: "Changing files",
  verify: "Checking the result",
  read: "Reading",
};

/** `Changing files, 12 of 40`; `Saving the folder as it is now, 1,024 files, 80 MB`. */
export function progressWords(progress: Progress | null): string {
  if (progress === null) return "Starting";
  const words = Object.hasOwn(phases, progress.phase)
    ? (phases[progress.phase] ?? progress.phase)
    : progress.phase;
  const { done, total, bytes } = progress;
  if (total !== null) return `${words}, ${formatCount(done)} of ${formatCount(total)}`;
  const count = done === 0 ? [] : [bytes === undefined ? formatCount(done) : plural(done, "file")];
  const size = bytes === undefined ? [] : [formatBytes(bytes)];
  return [words, ...count, ...size].join(", ");
}
