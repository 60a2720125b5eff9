import { statSync } from "node:fs";
import { ProtocolError } from "@cairn/shared/errors";
import type { WorkHooks } from "./cancelling.ts";
import type { TreeChange } from "./diff/compare.ts";
import { compareTrees, isOfFile } from "./diff/compare.ts";
import type { CountedFile } from "./diff/known-counts.ts";
import { compareLines, textOf } from "./diff/lines.ts";
import { ampleEffort } from "./diff/match-lines.ts";
import type { ReadableSide } from "./diff/sides.ts";
import { storedSide } from "./diff/sides.ts";
import { codeOf } from "./fs.ts";
import { gitPosition } from "./git-position.ts";
import type { CaptureRequest, Captured } from "./runner.ts";
import { wirePath } from "./scan/paths.ts";
import type { Scan } from "./scan/scan.ts";
import { unavailable } from "./scan/workspace.ts";
import type { TreeEntry } from "./store/objects.ts";
import type { Store } from "./store/store.ts";

const maxChangedPaths = 1000;
// Above these a capture would take longer for its line counts than for itself.
const maxCountedFiles = 200;
const maxCountedBytes = 4 * 1024 * 1024;
const countingEffort = 2_000_000;

export type KeepRequest = Pick<CaptureRequest, "pin" | "workspace" | "parent" | "allow_empty">;

/** What a capture has counted of single files on the way to its sums. */
export interface Counted {
  counted: CountedFile[];
}

/** Makes a scan that stored what it read durable and pinned, and says what it changed. */
export function keepScan(
  store: Store,
  scan: Scan,
  request: KeepRequest,
  hooks: WorkHooks = {},
): Captured & Counted {
  const device = deviceOf(request.workspace);
  if (request.allow_empty !== true) refuseUnmounted(store, scan, request, device);
  const captured = describeCounted(store, scan, request.workspace, request.parent);
  const { tree, rules, skipped } = captured;
  hooks.check?.();
  store.commit({ pin: request.pin, snapshot: { tree, rules, skipped } });
  if (store.index.device(request.workspace) !== device) {
    store.index.setDevice(request.workspace, device);
  }
  return captured;
}

/** What is said of a scan that stored what it read; nothing is made durable here. */
export function describeScan(
  store: Store,
  scan: Scan,
  workspace: string,
  parent: string | null,
): Captured {
  const { counted: _, ...captured } = describeCounted(store, scan, workspace, parent);
  return captured;
}

function describeCounted(
  store: Store,
  scan: Scan,
  workspace: string,
  parent: string | null,
): Captured & Counted {
  return {
    tree: scan.root,
    rules: scan.rulesHash,
    skipped: scan.skippedHash,
    files: scan.files,
    bytes: scan.bytes,
    skipped_paths: scan.skipped,
    git: gitPosition(workspace, scan.repositories),
    ...changesSince(store, parent, scan),
  };
}

function deviceOf(workspace: string): string {
  try {
    return String(statSync(workspace, { bigint: true }).dev);
  } catch (error) {
    throw unavailable(workspace, codeOf(error), error);
  }
}

/** An unmounted disk leaves an empty folder on another device: that is no deletion. */
function refuseUnmounted(store: Store, scan: Scan, request: KeepRequest, device: string): void {
  if (scan.files > 0 || request.parent === null || scan.tree.readTree(scan.root).length > 0) return;
  const before = store.index.device(request.workspace);
  if (before === undefined || before === device) return;
  if (store.readTree(request.parent).length === 0) return;
  throw new ProtocolError(
    "workspace_unavailable",
    `The folder ${request.workspace} is empty and on another device than when it was last captured: its disk seems not to be mounted. Mount it and try again.`,
  );
}

type Changes = Pick<Captured, "changed_files" | "added" | "removed" | "changed_paths"> & Counted;

function changesSince(store: Store, parent: string | null, scan: Scan): Changes {
  const counted = unlessDamaged(() => countChanges(store, parent, scan));
  // A parent that can no longer be read must not keep anyone from making new checkpoints.
  return counted ?? { ...countChanges(store, null, scan), added: null, removed: null };
}

function unlessDamaged<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "damaged") return null;
    throw error;
  }
}

function countChanges(store: Store, parent: string | null, scan: Scan): Changes {
  const paths: string[] = [];
  const changes: TreeChange[] = [];
  const counted: CountedFile[] = [];
  let files = 0;
  let bytes = 0;
  const { from, to } = scan.tree.since?.(parent) ?? {
    from: storedSide(store, parent),
    to: scan.tree,
  };
  for (const change of compareTrees(from, to)) {
    if (paths.length < maxChangedPaths) paths.push(wirePath(change.path).path);
    if (!isOfFile(change)) continue;
    files += 1;
    bytes += fileSize(change.before) + fileSize(change.after);
    if (files <= maxCountedFiles) changes.push(change);
  }
  const cheap = files <= maxCountedFiles && bytes <= maxCountedBytes;
  const count = () => countLines(storedSide(store, null), changes, counted);
  const lines = cheap ? unlessDamaged(count) : null;
  return {
    changed_files: files,
    added: lines?.added ?? null,
    removed: lines?.removed ?? null,
    changed_paths: paths,
    counted,
  };
}

function fileSize(entry: TreeEntry | null): number {
  return entry?.size ?? 0;
}

/**
 * Lines of all texts among the changes; null when one of them is too costly to compare. Each that
 * was counted with all the effort that it takes goes into `counted`.
 */
function countLines(
  side: ReadableSide,
  changes: TreeChange[],
  counted: CountedFile[],
): { added: number; removed: number } | null {
  const sum = { added: 0, removed: 0 };
  const effort = { left: countingEffort };
  for (const { path, before, after } of changes) {
    if (before?.hash === after?.hash) continue;
    const old = textOf(side, path, before);
    const now = textOf(side, path, after);
    if (old === "binary" || now === "binary") continue;
    if (old === "too_large" || now === "too_large") return null;
    const counts = compareLines(old.lines, now.lines, effort);
    if (counts === null) return null;
    sum.added += counts.added;
    sum.removed += counts.removed;
    if (effort.left < ampleEffort) continue;
    counted.push({ before: before?.hash ?? null, after: after?.hash ?? null, ...counts });
  }
  return sum;
}
