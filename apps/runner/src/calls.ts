import type { FileEntry, SkippedPath } from "@cairn/shared/files";
import type { WorkHooks } from "./cancelling.ts";
import type { Counted } from "./capture.ts";
import type { CountedFile } from "./diff/known-counts.ts";
import type * as r from "./runner.ts";

export interface CountedDiffRequest extends r.DiffRequest {
  /** Files whose lines were counted before. */
  counted?: readonly CountedFile[];
}

/** What is asked of a worker thread: method → what it takes and what it gives. */
export interface Calls {
  scan: (request: r.ScanRequest, hooks: WorkHooks) => r.ScanReport;
  dirty: (request: r.DirtyRequest, hooks: WorkHooks) => r.Dirty;
  capture: (request: r.CaptureRequest, hooks: WorkHooks) => r.Captured & Counted;
  plan: (request: r.PlanRequest, hooks: WorkHooks) => r.Plan;
  prepare: (request: r.PrepareRequest, hooks: WorkHooks) => r.Prepared;
  apply: (operationId: string, hooks: WorkHooks) => r.Applied;
  settle: (operationId: string) => void;
  abandon: (operationId: string) => void;
  recover: (committed: string[]) => r.Recovered[];
  reconcile: (pins: string[]) => number;
  release: (pins: string[]) => void;
  waiting: () => r.Waiting;
  repin: (snapshots: { pin: string; snapshot: r.Snapshot }[]) => number;
  diff: (request: CountedDiffRequest, hooks: WorkHooks) => r.DiffResult;
  list: (request: r.ListRequest) => { entries: FileEntry[]; next_cursor?: string };
  read: (request: r.ReadRequest) => r.ReadResult;
  skipped: (hash: string) => SkippedPath[];
  validate: (request: r.ValidateRequest, hooks: WorkHooks) => r.ValidateResult;
  repair: (request: r.RepairRequest, hooks: WorkHooks) => r.Repaired;
  collect: (request: r.CollectRequest, hooks: WorkHooks) => r.Collected;
  folder: (path: string) => r.FolderFacts;
  folders: (path: string | undefined) => r.FolderListing;
  usage: (request: r.UsageRequest, hooks: WorkHooks) => r.UsedBytes[];
  facts: () => r.StoreFacts;
  /** Ends the thread's use of the store; nothing may be asked after it. */
  close: () => void;
}

export type Method = keyof Calls;
export type Ask<M extends Method> = Parameters<Calls[M]>[0];
export type Answer<M extends Method> = ReturnType<Calls[M]>;

export interface CallMessage {
  id: number;
  method: Method;
  request: unknown;
  progress: boolean;
  /** Raised when nobody waits for the answer any more; null when the call cannot be cancelled. */
  cancel: SharedArrayBuffer | null;
}

export type ReplyMessage =
  | { id: number; result: unknown }
  | { id: number; progress: r.Progress }
  | { id: number; error: WireError };

/** An error on its way between threads. Without a code it was none of the error table. */
export interface WireError {
  code?: string;
  message: string;
  details?: Record<string, unknown>;
  stack?: string;
}
