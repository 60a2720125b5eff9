import { ProtocolError } from "@cairn/shared/errors";
import type { OperationStatus } from "@cairn/shared/operation";
import { sql } from "kysely";
import type { Kysely, Selectable } from "kysely";
import * as z from "zod/mini";
import type { KeyedCall, NewOperation, OperationRow, Page, PageQuery, Tx } from "../store.ts";
import { Keyset } from "./cursor.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

const newest = new Keyset("operations", [z.int()]);

/** What the undo stack holds; undo and redo walk it and are not on it. */
const stackKinds = ["restore", "delete", "compact"] as const;
const doneStatuses = ["done", "done_with_differences"] as const;

function rowOf(row: Selectable<Tables["operations"]>): OperationRow {
  return {
    ...row,
    removed_ids: JSON.parse(row.removed_ids) as string[],
    undoable: Boolean(row.undoable),
    automatic: Boolean(row.automatic),
    call: row.call === null ? null : (JSON.parse(row.call) as KeyedCall),
  };
}

export async function findOperation(db: Db, operation_id: string): Promise<OperationRow | null> {
  const row = await db
    .selectFrom("operations")
    .selectAll()
    .where("operation_id", "=", operation_id)
    .executeTakeFirst();
  return row === undefined ? null : rowOf(row);
}

export async function listOperations(
  db: Db,
  query: PageQuery & { session_id: string },
): Promise<Page<OperationRow>> {
  const before = newest.read(query.cursor);
  let found = db.selectFrom("operations").selectAll().where("session_id", "=", query.session_id);
  if (before !== null) found = found.where("ord", "<", before[0]);
  const rows = await found
    .orderBy("ord", "desc")
    .limit(query.limit + 1)
    .execute();
  return newest.page(rows, query.limit, (row) => [row.ord], rowOf);
}

export async function listPendingOperations(db: Db): Promise<OperationRow[]> {
  const rows = await db
    .selectFrom("operations")
    .selectAll()
    // A literal, so that the index of pending ones is known to fit.
    .where((eb) => eb("status", "=", sql.lit<OperationStatus>("pending")))
    .orderBy("ord")
    .execute();
  return rows.map(rowOf);
}

export async function nextUndo(
  db: Db,
  session_id: string,
  ord?: number,
): Promise<OperationRow | null> {
  let found = db
    .selectFrom("operations")
    .selectAll()
    .where("session_id", "=", session_id)
    .where("kind", "in", stackKinds)
    .where("status", "in", doneStatuses)
    .where("undone_by", "is", null)
    .where("undoable", "=", true);
  if (ord !== undefined) found = found.where("ord", "<", ord);
  const row = await found.orderBy("ord", "desc").limit(1).executeTakeFirst();
  return row === undefined ? null : rowOf(row);
}

export async function nextRedo(db: Db, session_id: string): Promise<OperationRow | null> {
  const latestOnStack = db
    .selectFrom("operations as latest")
    .select("latest.ord")
    .where("latest.session_id", "=", session_id)
    .where("latest.kind", "in", stackKinds)
    .where("latest.status", "in", doneStatuses)
    .where("latest.automatic", "=", false)
    .orderBy("latest.ord", "desc")
    .limit(1);
  const row = await db
    .selectFrom("operations")
    .selectAll()
    .where("session_id", "=", session_id)
    .where("kind", "=", "undo")
    .where("status", "in", doneStatuses)
    .where("redone_by", "is", null)
    // Those that changed files say whether they may be walked; the others always may.
    .where((eb) => eb.or([eb("safety_checkpoint_id", "is", null), eb("undoable", "=", true)]))
    .where((eb) => eb("ord", ">", eb.fn.coalesce(latestOnStack, eb.lit(0))))
    .orderBy("ord", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : rowOf(row);
}

export async function insertOperation(db: Db, row: NewOperation): Promise<void> {
  await db
    .insertInto("operations")
    .values({
      operation_id: row.operation_id,
      session_id: row.session_id,
      kind: row.kind,
      status: row.status,
      actor: row.actor,
      created_at: row.created_at,
      finished_at: row.finished_at ?? null,
      checkpoint_id: row.checkpoint_id ?? null,
      safety_checkpoint_id: row.safety_checkpoint_id ?? null,
      subject_id: row.subject_id ?? null,
      undone_by: null,
      redone_by: null,
      removed_ids: JSON.stringify(row.removed_ids ?? []),
      head_after: row.head_after ?? null,
      differences: row.differences ?? 0,
      undoable: row.undoable ?? false,
      automatic: row.automatic ?? false,
      call: row.call === undefined || row.call === null ? null : JSON.stringify(row.call),
    })
    .execute();
}

export async function updateOperation(
  db: Db,
  operation_id: string,
  change: Parameters<Tx["updateOperation"]>[1],
): Promise<void> {
  const current = await findOperation(db, operation_id);
  if (current === null) {
    throw new ProtocolError("operation_not_found", `There is no operation ${operation_id}.`);
  }
  const next = { ...current, ...change };
  await db
    .updateTable("operations")
    .set({
      kind: next.kind,
      status: next.status,
      finished_at: next.finished_at,
      checkpoint_id: next.checkpoint_id,
      safety_checkpoint_id: next.safety_checkpoint_id,
      undone_by: next.undone_by,
      redone_by: next.redone_by,
      differences: next.differences,
      undoable: next.undoable,
    })
    .where("operation_id", "=", operation_id)
    .execute();
}
