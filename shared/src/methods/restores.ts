import * as z from "zod/mini";
import { State } from "../checkpoint.ts";
import { ChangeCounts, Difference, FileChange, PathParam } from "../files.ts";
import { Hash, Id, nextCursor, page } from "../ids.ts";
import { Operation } from "../operation.ts";
import { caps, WorkspacePath } from "../session.ts";
import { long, method, ofCheckpoint, ofSession } from "./define.ts";
import { Warning } from "./warning.ts";

const paths = z.optional(z.array(PathParam).check(z.minLength(1), z.maxLength(caps.paths)));
/** Absolute path of a new or empty folder, outside every workspace and data folder. */
const into = z.optional(WorkspacePath);

/** What a restore would do: counts, one page of the list, and the hash that holds it to that. */
export const RestorePlan = z.object({
  plan_hash: Hash,
  counts: ChangeCounts,
  changes: z.array(FileChange),
  /** Paths that the restore would leave as they are although the checkpoint has them otherwise. */
  blocked: z.array(Difference),
  warnings: z.array(Warning),
  ...nextCursor,
});
export type RestorePlan = z.infer<typeof RestorePlan>;

const restoreResult = {
  operation_id: Id,
  /** Null when restored `into` another folder, or for a session without a workspace. */
  safety_checkpoint_id: z.nullable(Id),
  checkpoint_id: Id,
  status: z.enum(["restored", "restored_with_differences"]),
  differences: z.array(Difference),
  state: z.nullable(State),
};

/** Result of undo and redo. After an undo or redo of a delete or compaction no file changed. */
const undoResult = {
  operation_id: Id,
  safety_checkpoint_id: z.nullable(Id),
  checkpoint_id: z.nullable(Id),
  status: z.enum(["restored", "restored_with_differences", "undeleted", "deleted"]),
  differences: z.array(Difference),
  state: z.nullable(State),
};

export const restoreMethods = {
  plan_restore: method(
    "read",
    "viewer",
    "What restoring a checkpoint would change, without changing it.",
    z.object({ ...ofCheckpoint, ...long, paths, into, ...page }),
    RestorePlan,
  ),
  restore: method(
    "mutation",
    "operator",
    "Restore a checkpoint, after a safety checkpoint that undo goes back to.",
    z.object({ ...ofCheckpoint, ...long, paths, into, plan_hash: z.optional(Hash) }),
    z.object(restoreResult),
  ),
  undo: method(
    "mutation",
    "operator",
    "Take back the latest restore, delete or compaction, or the one named.",
    z.object({ ...ofSession, operation_id: z.optional(Id), plan_hash: z.optional(Hash) }),
    z.object({ ...undoResult, undone: Operation }),
  ),
  redo: method(
    "mutation",
    "operator",
    "Take back the latest undo, or the undo named.",
    z.object({ ...ofSession, operation_id: z.optional(Id), plan_hash: z.optional(Hash) }),
    z.object({ ...undoResult, redone: Operation }),
  ),
  list_operations: method(
    "read",
    "viewer",
    "The operation log of a session, newest first.",
    z.object({ ...ofSession, ...page }),
    z.object({ operations: z.array(Operation), ...nextCursor }),
  ),
  cancel: method(
    "read",
    "operator",
    "Stop a long call that was given this operation_id, with nothing half done.",
    z.object({ operation_id: Id }),
    z.object({ cancelled: z.boolean() }),
  ),
} as const;
