import { ProtocolError } from "@cairn/shared/errors";
import type { CheckpointRow, Reads, SessionRow } from "../storage/store.ts";

/** A live session, or `session_not_found`. */
export async function findSession(reads: Reads, session_id: string): Promise<SessionRow> {
  const session = await reads.session(session_id);
  if (session === null) {
    throw new ProtocolError("session_not_found", `There is no session ${session_id}.`);
  }
  if (session.deleted_at !== null) {
    throw new ProtocolError(
      "session_not_found",
      `Session ${session_id} is in the trash. Undelete it first.`,
      { details: { deleted_at: session.deleted_at } },
    );
  }
  return session;
}

/** A live session that is not closed. */
export async function findOpenSession(reads: Reads, session_id: string): Promise<SessionRow> {
  const session = await findSession(reads, session_id);
  if (session.status === "closed") {
    throw new ProtocolError(
      "session_closed",
      `Session "${session.name}" is closed and can only be read. Open it first.`,
    );
  }
  return session;
}

/** A client-made id must be new: it names one operation for good. */
export async function refuseTaken(reads: Reads, operation_id: string): Promise<void> {
  if ((await reads.operation(operation_id)) === null) return;
  throw new ProtocolError("invalid_params", `operation_id ${operation_id} is already taken.`);
}

/** A checkpoint of that session; deleted ones only with `deleted: 'too'`, purged ones never. */
export async function findCheckpoint(
  reads: Reads,
  session_id: string,
  checkpoint_id: string,
  deleted: "too" | "never" = "never",
): Promise<CheckpointRow> {
  const row = await reads.checkpoint(session_id, checkpoint_id);
  if (row === null) {
    throw new ProtocolError(
      "checkpoint_not_found",
      `Session ${session_id} has no checkpoint ${checkpoint_id}.`,
    );
  }
  if (row.purged_at !== null) {
    throw new ProtocolError(
      "checkpoint_not_found",
      `Checkpoint ${checkpoint_id} was deleted for good.`,
      { details: { purged_at: row.purged_at } },
    );
  }
  if (row.deleted_at !== null && deleted === "never") {
    throw new ProtocolError(
      "checkpoint_not_found",
      `Checkpoint ${checkpoint_id} is in the trash. Undelete it first.`,
      { details: { deleted_at: row.deleted_at } },
    );
  }
  return row;
}
