import { redo, undo } from "../actions.ts";
import { commands } from "../commands.ts";
import { dismissToast, toast, toastError } from "../ui/toast.ts";

export type Direction = "undo" | "redo";
type Ask = (direction: Direction, operation_id: string) => void;

/** The mounted undo controls, by session: they show first what an undo would change. */
const asked = new Map<string, Ask>();

/** Lets requests reach the controls of a session, until the returned function is called. */
export function answerUndoRequests(session_id: string, ask: Ask): () => void {
  asked.set(session_id, ask);
  return () => {
    if (asked.get(session_id) === ask) asked.delete(session_id);
  };
}

/** Asks for an undo or redo as `requestUndo` and `requestRedo` do. */
export function request(session_id: string, direction: Direction, operation_id: string): void {
  const ask = asked.get(session_id);
  if (ask !== undefined) {
    ask(direction, operation_id);
    return;
  }
  const call = direction === "undo" ? undo : redo;
  call(session_id, { operation_id }).then(
    () => toast(direction === "undo" ? "Undone" : "Redone"),
    (error: unknown) => toastError(`The ${direction} failed`, error),
  );
}

/** Takes back one operation, as from a notice that may outlive the screen it came from. */
export function requestUndo(session_id: string, operation_id: string): void {
  request(session_id, "undo", operation_id);
}

/** Takes back one undo. */
function requestRedo(session_id: string, operation_id: string): void {
  request(session_id, "redo", operation_id);
}

/** Notices on the screen that offer to take an operation back, by operation. */
const notices = new Map<string, { session_id: string; id: number }>();

/** The newest offer of a session is the one that its key stands for: older ones go. */
function offer(session_id: string, operation_id: string, id: number): void {
  for (const [other, notice] of notices) if (notice.session_id === session_id) dismissNotice(other);
  notices.set(operation_id, { session_id, id });
}

/** Says what was done, with the way back. */
export function noteUndo(title: string, session_id: string, operation_id: string): void {
  const run = () => requestUndo(session_id, operation_id);
  const id = toast(title, { action: { label: "Undo", keys: commands.undo.keys, run } });
  offer(session_id, operation_id, id);
}

/** Says that something was undone, with the way forward again. */
export function noteRedo(session_id: string, undo_id: string): void {
  const run = () => requestRedo(session_id, undo_id);
  const id = toast("Undone", { action: { label: "Redo", keys: commands.redo.keys, run } });
  offer(session_id, undo_id, id);
}

/** Takes away an offer that has been taken. */
export function dismissNotice(operation_id: string): void {
  const notice = notices.get(operation_id);
  if (notice !== undefined) dismissToast(notice.id);
  notices.delete(operation_id);
}
