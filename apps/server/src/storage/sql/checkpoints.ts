import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import type { Kysely } from "kysely";
import * as z from "zod/mini";
import type { CheckpointQuery, CheckpointRow, Page, PageQuery } from "../store.ts";
import { nearestLiveIds } from "./ancestors.ts";
import { conditionsOf } from "./checkpoint-filter.ts";
import {
  type SummaryColumns,
  summaryColumns,
  summaryOf,
  wholeColumns,
  wholeOf,
} from "./checkpoint-rows.ts";
import { Keyset } from "./cursor.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

const bySequence = new Keyset("checkpoints", [z.int()]);
const byDeletion = new Keyset("deleted_checkpoints", [z.string(), z.int()]);

/** Those of a session with their contents. */
export function wholeCheckpoints(db: Db, session_id: string) {
  return db
    .selectFrom("checkpoints")
    .leftJoin(
      "checkpoint_contents",
      "checkpoint_contents.sequence_number",
      "checkpoints.sequence_number",
    )
    .select(wholeColumns)
    .where("session_id", "=", session_id);
}

export async function findCheckpoint(
  db: Db,
  session_id: string,
  checkpoint_id: string,
): Promise<CheckpointRow | null> {
  const row = await wholeCheckpoints(db, session_id)
    .where("checkpoint_id", "=", checkpoint_id)
    .executeTakeFirst();
  return row === undefined ? null : wholeOf(row);
}

/**
 * Summaries of the first `limit` rows with their shown parents. Most have theirs beside them, the
 * last often in the row that was read only to know of a next page.
 */
async function summariesOf(
  db: Db,
  rows: readonly SummaryColumns[],
  limit: number,
): Promise<CheckpointSummary[]> {
  const live = new Map<number, string>();
  for (const row of rows) {
    if (row.deleted_at === null) live.set(row.sequence_number, row.checkpoint_id);
  }
  const shown = rows.slice(0, limit);
  const asked = new Set<number>();
  for (const { parent_number } of shown) {
    if (parent_number !== null && !live.has(parent_number)) asked.add(parent_number);
  }
  const nearest = await nearestLiveIds(db, [...asked]);
  return shown.map((row) => {
    const summary: CheckpointSummary = summaryOf(row);
    const above = row.parent_number;
    summary.shown_parent_id =
      above === null ? null : (live.get(above) ?? nearest.get(above) ?? null);
    return summary;
  });
}

export async function listCheckpoints(
  db: Db,
  query: CheckpointQuery,
): Promise<Page<CheckpointSummary> & { total: number }> {
  const { session_id, limit, order } = query;
  const from = bySequence.read(query.cursor);
  const conditions = await conditionsOf(db, session_id, query.filter ?? {});
  let matching = db
    .selectFrom("checkpoints")
    .where("session_id", "=", session_id)
    .where("deleted_at", "is", null);
  if (conditions.length > 0) matching = matching.where((eb) => eb.and(conditions));
  let found = matching.select(summaryColumns);
  if (from !== null) found = found.where("sequence_number", order === "asc" ? ">" : "<", from[0]);
  const rows = await found
    .orderBy("sequence_number", order)
    .limit(limit + 1)
    .execute();
  const page = {
    rows: await summariesOf(db, rows, limit),
    ...bySequence.next(rows, limit, (row) => [row.sequence_number]),
  };
  if (from === null && rows.length <= limit) return { ...page, total: rows.length };
  const counted =
    conditions.length > 0
      ? await matching.select((eb) => eb.fn.countAll<number>().as("total")).executeTakeFirst()
      : await db
          .selectFrom("sessions")
          .select("checkpoints as total")
          .where("session_id", "=", session_id)
          .executeTakeFirst();
  return { ...page, total: counted?.total ?? 0 };
}

export async function listDeletedCheckpoints(
  db: Db,
  query: PageQuery & { session_id?: string | undefined },
): Promise<Page<CheckpointSummary>> {
  const { session_id, limit } = query;
  const from = byDeletion.read(query.cursor);
  let found = db
    .selectFrom("checkpoints")
    .select(summaryColumns)
    .where("deleted_at", "is not", null)
    .where("purged_at", "is", null);
  if (session_id === undefined) {
    // What belongs to a deleted session comes and goes with it.
    const deleted = db
      .selectFrom("sessions")
      .select("sessions.session_id")
      .where("sessions.deleted_at", "is not", null);
    found = found.where("session_id", "not in", deleted);
  } else found = found.where("session_id", "=", session_id);
  if (from !== null) {
    found = found.where((eb) =>
      eb(eb.refTuple("deleted_at", "sequence_number"), "<", eb.tuple(...from)),
    );
  }
  const rows = await found
    .orderBy("deleted_at", "desc")
    .orderBy("sequence_number", "desc")
    .limit(limit + 1)
    .execute();
  return {
    rows: await summariesOf(db, rows, limit),
    ...byDeletion.next(rows, limit, (row) => [row.deleted_at ?? "", row.sequence_number]),
  };
}

export async function findShownParent(db: Db, checkpoint_id: string): Promise<string | null> {
  const row = await db
    .selectFrom("checkpoints")
    .select("parent_number")
    .where("checkpoint_id", "=", checkpoint_id)
    .executeTakeFirst();
  const above = row?.parent_number ?? null;
  if (above === null) return null;
  return (await nearestLiveIds(db, [above])).get(above) ?? null;
}

export async function sumKeptBytes(db: Db): Promise<number> {
  const row = await db
    .selectFrom("checkpoints")
    .select((eb) => eb.fn.sum<number | null>("bytes").as("bytes"))
    .where("purged_at", "is", null)
    .executeTakeFirst();
  return row?.bytes ?? 0;
}

export async function listPins(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom("checkpoints")
    .select("checkpoint_id")
    .where("purged_at", "is", null)
    .orderBy("sequence_number")
    .execute();
  // Newer content that a restore came across is kept under the id of its operation.
  const operations = await db
    .selectFrom("operations")
    .select("operation_id")
    .where("differences", ">", 0)
    .orderBy("ord")
    .execute();
  return [
    ...rows.map(({ checkpoint_id }) => checkpoint_id),
    ...operations.map(({ operation_id }) => operation_id),
  ];
}
