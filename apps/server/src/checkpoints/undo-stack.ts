import type { OperationRow, Reads, Store } from "../storage/store.ts";
import { breathe } from "./breathe.ts";

/** How long a transaction here may take, in ms. */
const holdMs = 3;

/** Whether what the undo of an operation would give back was deleted for good. */
export async function isPurged(reads: Reads, operation: OperationRow): Promise<boolean> {
  const { session_id, safety_checkpoint_id, removed_ids } = operation;
  const ids = safety_checkpoint_id === null ? removed_ids : [safety_checkpoint_id];
  return ids.length > 0 && !(await reads.hasAny(session_id, ids, "too"));
}

interface Walked {
  next: OperationRow | null;
  /** What stood above it, and has nothing to give back any more. */
  purged: OperationRow[];
}

async function walk(reads: Reads, session_id: string): Promise<Walked> {
  const purged: OperationRow[] = [];
  for (;;) {
    const next = await reads.nextUndo(session_id, purged.at(-1)?.ord);
    if (next === null || !(await isPurged(reads, next))) return { next, purged };
    purged.push(next);
  }
}

/** What undo takes back next: an operation whose checkpoints were purged blocks no older one. */
export async function nextUndo(reads: Reads, session_id: string): Promise<OperationRow | null> {
  return (await walk(reads, session_id)).next;
}

/** What redo takes back next: the latest undo, if what it needs is still there. */
export async function nextRedo(reads: Reads, session_id: string): Promise<OperationRow | null> {
  const undo = await reads.nextRedo(session_id);
  if (undo === null) return null;
  if (undo.safety_checkpoint_id !== null) return (await isPurged(reads, undo)) ? null : undo;
  const removal = undo.subject_id === null ? null : await reads.operation(undo.subject_id);
  if (removal === null) return null;
  return (await reads.hasAny(session_id, removal.removed_ids)) ? undo : null;
}

/** Takes off the stack what has nothing to give back any more, so that nobody has to look again. */
export async function dropPurged(store: Store, session_id: string): Promise<void> {
  const { purged } = await walk(store, session_id);
  for (let done = 0; done < purged.length; await breathe()) {
    done = await store.transact(async (tx) => {
      const end = performance.now() + holdMs;
      for (const [at, { operation_id }] of purged.entries()) {
        if (at < done) continue;
        // Gone with its session since.
        if ((await tx.operation(operation_id)) === null) return purged.length;
        await tx.updateOperation(operation_id, { undoable: false });
        if (performance.now() > end) return at + 1;
      }
      return purged.length;
    });
  }
}
