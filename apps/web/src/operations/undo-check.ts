import type { Operation } from "@cairn/shared/operation";
import { diff } from "../actions.ts";
import { pathKey } from "../checkpoint/paths.ts";
import { firstPage, type LoadedPlan, type PlanRequest } from "../restore/use-plan.ts";
import { changesFiles } from "./operation-words.ts";

/** What undo or redo of an operation would do to the folder. */
export interface UndoCheck {
  /** Null where no file changes: a delete or a compaction. */
  plan: LoadedPlan | null;
  request: PlanRequest | null;
  /** Whether it would change files that were edited since the operation. */
  edited: boolean;
}

/**
 * Asks before an undo or redo what it would change, and whether newer edits are among it;
 * a session without a folder (`hasFolder`) has no files to ask about. It is at work under `call_id`.
 */
export async function checkUndo(
  operation: Operation,
  hasFolder: boolean,
  call_id?: string,
): Promise<UndoCheck> {
  const { session_id, safety_checkpoint_id, checkpoint_id } = operation;
  if (!hasFolder || !changesFiles(operation) || safety_checkpoint_id === null)
    return { plan: null, request: null, edited: false };
  const request: PlanRequest = { session_id, checkpoint_id: safety_checkpoint_id };
  const plan = await firstPage(request, call_id);
  if (plan.total === 0) return { plan, request, edited: false };
  if (checkpoint_id === null) return { plan, request, edited: true };
  // What the operation left as it made it equals its checkpoint; everything else was edited.
  const since = await diff({ session_id, from: checkpoint_id, to: "workspace", limit: 200 });
  const changing = new Set(plan.changes.map(pathKey));
  const edited =
    (since.next_cursor !== undefined && since.files.length > 0) ||
    (plan.cursor !== undefined && since.files.length > 0) ||
    since.files.some((file) => changing.has(pathKey(file)));
  return { plan, request, edited };
}
