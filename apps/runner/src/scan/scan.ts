import type { LeftOut, SkippedPath } from "@cairn/shared/files";
import type { Progress, Rules } from "../runner.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import type { StatCache } from "./stat-cache.ts";

export interface ScanOptions {
  /** Real, absolute path of the folder. */
  workspace: string;
  rules: Rules;
  /** True stores what is read (nothing is durable before `store.commit`); false only hashes. */
  store: boolean;
  /** Null re-reads every file. */
  cache: StatCache | null;
  onProgress?: (progress: Progress) => void;
}

/** The tree that a scan found. Paths are relative and `/`-separated; the empty path is the root. */
export interface ScannedTree {
  root: string;
  lookup(path: Buffer): TreeEntry | undefined;
  /** Entries of a folder of this scan, or else of the store: a scan that only hashes works too. */
  readTree(hash: string): TreeEntry[];
}

/** Whether the path, or a folder above it, is left out of captures. */
export type IgnoredMatcher = (path: Buffer, isDir: boolean) => boolean;

export interface Scan {
  root: string;
  tree: ScannedTree;
  /** Hash of the effective rules, stored when `store` was true. */
  rulesHash: string;
  /** Hash of the list of skipped paths, null when there are none; stored when `store` was true. */
  skippedHash: string | null;
  skipped: SkippedPath[];
  /** Whether the path, or a folder above it, could not be read or moved while it was read. */
  isSkipped: (path: Buffer) => boolean;
  /** Today's rules. */
  ignoredMatcher: IgnoredMatcher;
  /** Files and links. */
  files: number;
  bytes: number;
  left_out: LeftOut[];
}

/**
 * Reads the whole folder. `workspace_unavailable` when it is not there or no folder,
 * `invalid_params` for a folder that Cairn refuses, `limit_reached` over the rules' limits.
 */
export function scanWorkspace(_store: ObjectStore, _options: ScanOptions): Scan {
  throw new Error("not written yet");
}

/** The rules that were stored with a checkpoint, as the matcher they were. */
export function loadRules(_store: ObjectStore, _rulesHash: string): IgnoredMatcher {
  throw new Error("not written yet");
}
