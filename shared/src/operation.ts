import * as z from "zod/mini";
import { Count, Id, Time } from "./ids.ts";

export const OperationKind = z.enum([
  "restore",
  "undo",
  "redo",
  "delete",
  "undelete",
  "compact",
  "delete_session",
  "undelete_session",
]);
export type OperationKind = z.infer<typeof OperationKind>;

/**
 * `pending`: files are being changed, or a crash cut it and its folder is out of reach.
 * `rolled_back`: it was cancelled, or a crash cut it, and the folder is as it was before.
 */
export const OperationStatus = z.enum([
  "pending",
  "done",
  "done_with_differences",
  "failed",
  "rolled_back",
]);
export type OperationStatus = z.infer<typeof OperationStatus>;

/** An entry of the operation log, which undo and redo walk. */
export const Operation = z.object({
  operation_id: Id,
  session_id: Id,
  kind: OperationKind,
  status: OperationStatus,
  actor: z.string(),
  created_at: Time,
  finished_at: z.nullable(Time),
  /** Where a restore, undo or redo went; the deleted checkpoint of a delete. */
  checkpoint_id: z.nullable(Id),
  safety_checkpoint_id: z.nullable(Id),
  /** The operation that this undo or redo is about. */
  subject_id: z.nullable(Id),
  /** The undo that took this back, while it has not been redone. */
  undone_by: z.nullable(Id),
  /** Checkpoints that a delete or compaction put into the trash. */
  removed: Count,
  differences: Count,
  /** Whether undo, or redo, would take this one next. */
  next: z.nullable(z.enum(["undo", "redo"])),
});
export type Operation = z.infer<typeof Operation>;
