// One function per verb. They only call the server: what a screen shows is changed by events.
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { server } from "./server.ts";

type Rest<M extends MethodName, K extends keyof Params<M>> = Omit<Params<M>, K>;

/** A new UUID, also where `crypto.randomUUID` is missing (plain HTTP on another machine). */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20, 32].map((end, at) => hex.slice([0, 8, 12, 16, 20][at], end)).join("-");
}

/** Under a key of its own: a call that is sent again after a lost connection is done once. */
function keyed<P extends object>(params: P): P & { idempotency_key: string } {
  return { ...params, idempotency_key: newId() };
}

export function createSession(params: Params<"create_session">) {
  return server().call("create_session", keyed(params));
}

export function updateSession(session_id: string, change: Rest<"update_session", "session_id">) {
  return server().call("update_session", keyed({ ...change, session_id }));
}

export function deleteSession(session_id: string) {
  return server().call("delete_session", keyed({ session_id }));
}

export function undeleteSession(session_id: string) {
  return server().call("undelete_session", keyed({ session_id }));
}

/** Deletes a session for good; `deleteSession` puts it into the trash. */
export function purgeSession(session_id: string) {
  return server().call("delete_session", keyed({ session_id, permanent: true }));
}

/** Asks a call that was given this id to stop; `cancelled: false` when it is not at work. */
export function cancel(operation_id: string) {
  return server().call("cancel", { operation_id });
}

export function scanWorkspace(params: Params<"scan_workspace">) {
  return server().call("scan_workspace", params);
}

/** Folders below a path; the home folder without one. */
export function listFolders(path?: string) {
  return server().call("list_folders", path === undefined ? {} : { path });
}

/** Give `operation_id` (see `newId`) to follow its progress with `useProgress`. */
export function createCheckpoint(params: Params<"checkpoint">) {
  return server().call("checkpoint", keyed(params));
}

export function getCheckpoint(session_id: string, checkpoint_id: string) {
  return server().call("get_checkpoint", { session_id, checkpoint_id });
}

export function setTags(session_id: string, checkpoint_id: string, tags: string[]) {
  return server().call("update_checkpoint", keyed({ session_id, checkpoint_id, tags }));
}

export function setPinned(session_id: string, checkpoint_id: string, pinned: boolean) {
  return server().call("update_checkpoint", keyed({ session_id, checkpoint_id, pinned }));
}

/** Adds a note to a checkpoint. */
export function annotate(params: Params<"annotate">) {
  return server().call("annotate", keyed(params));
}

export function deleteAnnotation(session_id: string, annotation_id: string) {
  return server().call("delete_annotation", keyed({ session_id, annotation_id }));
}

export function deleteCheckpoint(session_id: string, checkpoint_id: string) {
  return server().call("delete", keyed({ session_id, checkpoint_id }));
}

/** Deletes a checkpoint for good; `deleteCheckpoint` puts it into the trash. */
export function purgeCheckpoint(session_id: string, checkpoint_id: string) {
  return server().call("delete", keyed({ session_id, checkpoint_id, permanent: true }));
}

export function undelete(session_id: string, checkpoint_id: string) {
  return server().call("undelete", keyed({ session_id, checkpoint_id }));
}

export function listTrash(params: Params<"list_trash"> = {}) {
  return server().call("list_trash", params);
}

export function planRestore(params: Params<"plan_restore">) {
  return server().call("plan_restore", params);
}

export function restore(params: Params<"restore">) {
  return server().call("restore", keyed(params));
}

/** Takes back the latest operation, or the one named. */
export function undo(session_id: string, options: Rest<"undo", "session_id"> = {}) {
  return server().call("undo", keyed({ ...options, session_id }));
}

/** Takes back the latest undo, or the undo named. */
export function redo(session_id: string, options: Rest<"redo", "session_id"> = {}) {
  return server().call("redo", keyed({ ...options, session_id }));
}

export function listOperations(params: Params<"list_operations">) {
  return server().call("list_operations", params);
}

export function diff(params: Params<"diff">) {
  return server().call("diff", params);
}

/** Puts the checkpoints that no rule keeps into the trash; with `dry_run` it only says which. */
export function compact(params: Params<"compact">) {
  return server().call("compact", keyed(params));
}

export function listCheckpoints(params: Params<"list_checkpoints">) {
  return server().call("list_checkpoints", params);
}

/** Checks one checkpoint, a session's or all. */
export function validate(params: Params<"validate">) {
  return server().call("validate", params);
}

/** Heals what can be healed of one checkpoint, a session's or all. */
export function repair(params: Params<"repair">) {
  return server().call("repair", params);
}

/** Gives back the bytes of the store that nothing names any more. */
export function collect(operation_id: string) {
  return server().call("collect", { operation_id });
}

export function storeFacts() {
  return server().call("store_facts", {});
}

/** An address under which one file of a checkpoint can be fetched once. */
export function downloadTicket(params: Params<"download_ticket">) {
  return server().call("download_ticket", params);
}

export function startDemo(): Promise<Result<"start_demo">> {
  return server().call("start_demo", keyed({}));
}

export function health() {
  return server().call("health", {});
}
