import type { GitPosition } from "@cairn/shared/checkpoint";
import type {
  ChangeCounts,
  DiffFile,
  DiffHunk,
  Difference,
  FileChange,
  FileEntry,
  LeftOut,
  PathParam,
  SkippedPath,
} from "@cairn/shared/files";
import type { Settings } from "@cairn/shared/session";

/** What a session captures of its folder: patterns in `.gitignore` syntax, and bounds. */
export type Rules = Pick<Settings, "ignore" | "include" | "limits">;

/** A captured tree: hashes of stored objects, as a checkpoint's row keeps them. */
export interface Snapshot {
  /** Hash of the root folder. */
  tree: string;
  /** Hash of the object that holds the effective ignore rules. */
  rules: string;
  /** Hash of the object that lists the skipped paths, null when there are none. */
  skipped: string | null;
}

/** Where long work stands. `total` is null while it is not known. */
export interface Progress {
  phase: "scan" | "store" | "plan" | "apply" | "verify" | "read";
  done: number;
  total: number | null;
  /** What was read so far, where `done` counts files. */
  bytes?: number;
}

export interface Hooks {
  onProgress?: (progress: Progress) => void;
  /**
   * Once it is aborted the call stops at its next step and rejects as `cancelled`, with nothing
   * half done. A call that was past its last step resolves.
   */
  signal?: AbortSignal;
}

export interface Captured extends Snapshot {
  files: number;
  bytes: number;
  skipped_paths: SkippedPath[];
  git: GitPosition | null;
  /**
   * Against `parent`: files and links that differ, lines (null when too costly), up to 1,000 paths.
   * Folders that are new, gone or of another mode are among the paths and not counted as files.
   */
  changed_files: number;
  added: number | null;
  removed: number | null;
  changed_paths: string[];
}

export interface ScanRequest {
  workspace: string;
  rules: Rules;
}

export interface ScanReport {
  files: number;
  bytes: number;
  left_out: LeftOut[];
  /** Names of secrets and credentials that would be captured, such as `.env`. */
  sensitive: string[];
  /** Bounds of the rules that the folder is over. */
  over: ("files" | "bytes" | "file_bytes")[];
}

/** `tree` null is the empty tree. */
export interface DirtyRequest extends ScanRequest {
  tree: string | null;
}

export interface Dirty {
  /** Files that differ, as a checkpoint would count them. */
  files: number;
  /** Of the folder as it is: equal as long as nothing has changed in between. */
  tree: string;
}

/** Something may have changed, or nothing more is heard of changes. */
export interface WatchHint {
  /** Milliseconds since 1970. */
  at: number;
  /** Why nothing is heard until a hint comes without it. */
  lost?: string;
}

export interface CaptureRequest {
  /** Keeps the snapshot from collection until it is released: the checkpoint's id. */
  pin: string;
  workspace: string;
  rules: Rules;
  /** What `changed_files` and the line counts compare with; null is the empty tree. */
  parent: string | null;
  /**
   * Allow a root folder that is empty now although `parent` held files and the device changed.
   * Without it that is `workspace_unavailable`: an unmounted disk is no deletion.
   */
  allow_empty?: boolean;
  /** `workspace` is a real path: refuse what a link that took its place would lead to. */
  exact?: boolean;
}

export interface PlanRequest {
  workspace: string;
  rules: Rules;
  target: Snapshot;
  /** Restore only these paths, and what is below them. */
  paths?: PathParam[];
  /** Restore a copy into this folder instead; it must be new or empty. */
  into?: string;
}

export interface Plan {
  /** SHA-256 over target, options, rules and the planned paths' present content. */
  plan_hash: string;
  counts: ChangeCounts;
  /** What the restore does to the folder: what would be lost first, then by path. */
  changes: FileChange[];
  blocked: Difference[];
  /** Lockfiles (package-lock.json, Cargo.lock …) among the changes. */
  lockfiles: string[];
  /** Present git position of the folder. */
  git: GitPosition | null;
}

/** `prepare`: capture the safety snapshot and plan against it, holding the workspace's lock. */
export interface PrepareRequest extends PlanRequest {
  operation_id: string;
  /** Pin of the safety snapshot; absent with `into`, which takes none. */
  safety_pin?: string;
  /** Tree of the present head, for the safety checkpoint's own change counts. */
  parent: string | null;
  /** Refuse with `workspace_changed` (details.plan is the new plan) unless this still holds. */
  plan_hash?: string;
}

export interface Prepared {
  plan: Plan;
  safety: Captured | null;
}

export interface Applied {
  status: "restored" | "restored_with_differences";
  differences: Difference[];
}

/** How a journal that a crash left was resolved. `unreachable`: the folder is not there now. */
export interface Recovered {
  operation_id: string;
  outcome: "before" | "after" | "unreachable";
  differences: Difference[];
}

export interface DiffRequest {
  /** Null is the empty tree. */
  from: string | { workspace: string; rules: Rules } | null;
  to: string | { workspace: string; rules: Rules };
  /** One file: its hunks too. Of a file that was moved, its old path or its new one. */
  path?: PathParam;
  /** Lines that differ in white space only are the same. */
  ignore_whitespace?: boolean;
  /** Tell of a file that was moved as one, of kind `renamed`; so by default. */
  renames?: boolean;
  limit: number;
  cursor?: string;
}

export interface DiffResult {
  files: DiffFile[];
  hunks?: DiffHunk[];
  too_large?: boolean;
  next_cursor?: string;
}

export interface ListRequest {
  tree: string;
  path?: PathParam;
  limit: number;
  cursor?: string;
}

export interface ReadRequest {
  tree: string;
  path: PathParam;
  offset: number;
  /** At most 1 MiB. */
  length: number;
}

export interface ReadResult {
  entry: FileEntry;
  data: Uint8Array;
}

export interface ValidateRequest {
  snapshots: { pin: string; snapshot: Snapshot }[];
  /** Re-hash every reachable object instead of checking that it is there. */
  deep: boolean;
}

/** `object` is the hash of the object that is gone or whose bytes have changed. */
export interface ValidateResult {
  problems: { pin: string; problem: string; path?: string; object?: string }[];
}

export interface CollectRequest {
  /** Stop after about so many milliseconds; the next call goes on from there. */
  max_ms?: number;
}

/** What this call freed. */
export interface Collected {
  freed_bytes: number;
  removed_objects: number;
  rewritten_packs: number;
  removed_packs: number;
  /** False: there is more to do, or captures were in the way. Call again. */
  done: boolean;
}

export interface RepairRequest {
  snapshots: { pin: string; snapshot: Snapshot }[];
  /** Folders that may still hold what is damaged. */
  workspaces: { workspace: string; rules: Rules }[];
}

/** `healed`: objects that read back again; `problems`: what stays broken, as `validate` says it. */
export interface Repaired {
  healed: number;
  problems: ValidateResult["problems"];
}

export interface UsageRequest {
  /** What is asked about together, such as the checkpoints of a session. */
  groups: { id: string; pins: string[] }[];
}

/** Bytes of the packs that a group of pins needs, and no other of those groups does. */
export interface UsedBytes {
  id: string;
  bytes: number;
}

/** Facts of a folder that someone named: nothing below it is read. */
export interface FolderFacts {
  /** Real path; of the nearest existing parent joined with the rest when it does not exist. */
  real_path: string;
  exists: boolean;
  empty: boolean;
}

export interface FolderListing {
  path: string;
  parent: string | null;
  entries: { name: string; path: string; repository: boolean }[];
  truncated: boolean;
}

/** What the store needs the server to do. */
export interface Waiting {
  /** Snapshots that were let go since the last whole collection. */
  released: number;
  /** The index was made anew and may lack pins: nothing is collected until `repin`. */
  pins_lost: boolean;
}

export interface StoreFacts {
  objects: number;
  /** Bytes of the packs on disk. */
  stored_bytes: number;
  /** Bytes of the distinct contents before compression. */
  raw_bytes: number;
  /** Bytes of the packs that nothing refers to any more; collecting frees most of them. */
  dead_bytes: number;
  packs: number;
  /** What the store may hold, null for as much as the disk does. */
  limit_bytes: number | null;
  /** Part of the limit that only restores may use, so that a full store can still restore. */
  reserved_bytes: number;
}

/**
 * What captures and applies files. Every method rejects with a `ProtocolError` of the error
 * table. Calls on one workspace queue, they never fail as busy.
 *
 * A restore is `prepare` → (server commits safety checkpoint and pending operation) → `apply` →
 * (server commits the end) → `settle`. From `prepare` to `settle` or `abandon` the workspace is
 * locked under `operation_id`, and the journal outlives a crash in between.
 */
export interface Runner {
  scan(request: ScanRequest, hooks?: Hooks): Promise<ScanReport>;
  /**
   * How a folder differs from a tree now. Reads what changed, so that the next scan knows its
   * hashes. Rejects as `cancelled` as soon as any other work wants the folder.
   */
  dirty(request: DirtyRequest, hooks?: Hooks): Promise<Dirty>;
  /**
   * Hints of changes, at most some a second, the first once the folder is watched; the result ends
   * them. They may be missed: whoever must know looks by `dirty` now and then.
   */
  watch(request: ScanRequest, onHint: (hint: WatchHint) => void): Promise<() => Promise<void>>;
  /** Stores the folder as it is, durably, before it resolves. */
  capture(request: CaptureRequest, hooks?: Hooks): Promise<Captured>;
  plan(request: PlanRequest, hooks?: Hooks): Promise<Plan>;
  prepare(request: PrepareRequest, hooks?: Hooks): Promise<Prepared>;
  /** Carries the prepared plan out and verifies it. When it rejects, the folder is as before. */
  apply(operation_id: string, hooks?: Hooks): Promise<Applied>;
  /** Ends an operation whose outcome the server has committed: drops what was set aside. */
  settle(operation_id: string): Promise<void>;
  /** Ends an operation that was prepared and never applied. */
  abandon(operation_id: string): Promise<void>;
  /**
   * At start: resolves each journal that a crash left, exactly to before or exactly to after.
   * `committed` are the operations whose end the server has committed: those are only settled.
   */
  recover(committed: string[]): Promise<Recovered[]>;
  /** At start: unpins every snapshot whose pin is not in the list. Resolves to how many. */
  reconcile(pins: string[]): Promise<number>;
  release(pins: string[]): Promise<void>;
  waiting(): Promise<Waiting>;
  /**
   * Pins again what an index that was made anew has lost. `snapshots` are all that are kept.
   * Resolves to how many had no pin.
   */
  repin(snapshots: { pin: string; snapshot: Snapshot }[]): Promise<number>;
  diff(request: DiffRequest, hooks?: Hooks): Promise<DiffResult>;
  list(request: ListRequest): Promise<{ entries: FileEntry[]; next_cursor?: string }>;
  read(request: ReadRequest): Promise<ReadResult>;
  /** The skipped paths of a snapshot. */
  skipped(hash: string): Promise<SkippedPath[]>;
  validate(request: ValidateRequest, hooks?: Hooks): Promise<ValidateResult>;
  /** Finds what is damaged and heals what packs or workspaces still hold. */
  repair(request: RepairRequest, hooks?: Hooks): Promise<Repaired>;
  /** Frees what no pin, journal or capture at work refers to. Captures go on meanwhile. */
  collect(request: CollectRequest, hooks?: Hooks): Promise<Collected>;
  folder(path: string): Promise<FolderFacts>;
  folders(path: string | undefined): Promise<FolderListing>;
  /** Walks the folders of all those pins: takes a while in a large store. */
  usage(request: UsageRequest, hooks?: Hooks): Promise<UsedBytes[]>;
  facts(): Promise<StoreFacts>;
  close(): Promise<void>;
}
