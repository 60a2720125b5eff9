import { randomUUID } from "node:crypto";
import { defaultSettings } from "@cairn/shared/session";
import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import type { LoggedEvent } from "@cairn/shared/events";
import type {
  CheckpointRow,
  NewCheckpoint,
  NewOperation,
  Reads,
  SessionRow,
  Store,
} from "../store.ts";

/** `n` seconds into 2026. */
export function at(n: number): string {
  return new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
}

export type NewSession = Omit<SessionRow, "seq" | "checkpoints" | "last_event_at">;

export function sessionRow(change: Partial<NewSession> = {}): NewSession {
  return {
    session_id: randomUUID(),
    name: "parser",
    workspace: null,
    status: "open",
    labels: {},
    created_at: at(0),
    deleted_at: null,
    demo: false,
    head: null,
    bytes: 0,
    epoch: "epoch-1",
    settings: defaultSettings,
    ...change,
  };
}

export function checkpointRow(
  change: Partial<NewCheckpoint> & Pick<NewCheckpoint, "session_id" | "sequence_number">,
): NewCheckpoint {
  return {
    checkpoint_id: randomUUID(),
    parent_id: null,
    message: "",
    tags: [],
    trigger: { kind: "manual" },
    author: "admin",
    created_at: at(change.sequence_number),
    pinned: false,
    partial: false,
    tree: "a".repeat(64),
    files: 3,
    bytes: 4096,
    changed_files: 1,
    added: 2,
    removed: null,
    git: null,
    checksum: "c".repeat(64),
    rules: "b".repeat(64),
    skipped: null,
    state: null,
    changed_paths: [],
    ...change,
  };
}

/** A session with its `session_created`; gives its id. */
export async function addSession(store: Store, change: Partial<NewSession> = {}): Promise<string> {
  const row = sessionRow(change);
  const { session_id } = row;
  await store.transact(async (tx) => {
    await tx.insertSession(row);
    await tx.appendEvent({
      event_type: "session_created",
      data: { session_id, timestamp: row.created_at },
      actor: "admin",
    });
  });
  return session_id;
}

/** A checkpoint and its event in one transaction, as the service commits them. */
export async function addCheckpoint(
  store: Store,
  session_id: string,
  change: Partial<NewCheckpoint> = {},
): Promise<{ row: NewCheckpoint; event: LoggedEvent }> {
  return await store.transact(async (tx) => {
    const sequence_number = await tx.nextSequenceNumber();
    const row = checkpointRow({ session_id, sequence_number, ...change });
    await tx.insertCheckpoint(row);
    const data = { checkpoint_id: row.checkpoint_id, session_id, timestamp: row.created_at };
    const event = await tx.appendEvent({
      event_type: "checkpoint_created",
      data,
      actor: "admin",
      head: row.checkpoint_id,
    });
    return { row, event };
  });
}

export async function addCheckpoints(
  store: Store,
  session_id: string,
  count: number,
): Promise<NewCheckpoint[]> {
  const rows: NewCheckpoint[] = [];
  for (let n = 0; n < count; n += 1) rows.push((await addCheckpoint(store, session_id)).row);
  return rows;
}

export async function removeCheckpoint(store: Store, checkpoint_id: string, n = 0): Promise<void> {
  await store.transact((tx) => tx.updateCheckpoint(checkpoint_id, { deleted_at: at(n) }));
}

/** What the store must give back for a row that was just inserted. */
export function asStored(row: NewCheckpoint): CheckpointRow {
  return {
    ...row,
    deleted_at: null,
    purged_at: null,
    damaged: false,
    annotation_count: 0,
    max_severity: null,
  };
}

/** What lists give of a row that was just inserted, without its shown parent. */
export function asListed(
  row: NewCheckpoint | CheckpointRow,
): Omit<CheckpointSummary, "shown_parent_id"> {
  const {
    rules: _rules,
    skipped: _skipped,
    state: _state,
    changed_paths: _changed_paths,
    purged_at: _purged_at,
    ...summary
  } = asStored(row);
  return summary;
}

export async function addOperation(
  store: Store,
  session_id: string,
  change: Partial<NewOperation> = {},
): Promise<string> {
  const operation_id = change.operation_id ?? randomUUID();
  await store.transact((tx) =>
    tx.insertOperation({
      operation_id,
      session_id,
      kind: "restore",
      status: "done",
      actor: "admin",
      created_at: at(0),
      undoable: true,
      ...change,
    }),
  );
  return operation_id;
}

/** All live ones of a session, oldest first, by small pages. */
export async function allCheckpoints(store: Reads, session_id: string): Promise<CheckpointRow[]> {
  const rows: CheckpointRow[] = [];
  for (;;) {
    const after = rows.at(-1)?.sequence_number ?? 0;
    const page = await store.wholeCheckpoints({ session_id, after, limit: 3, bytes: 50 });
    if (page.length === 0) return rows;
    rows.push(...page);
  }
}
