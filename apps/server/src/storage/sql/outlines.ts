import { sql } from "kysely";
import type { Kysely } from "kysely";
import type { CheckpointRow, Outline, Reads } from "../store.ts";
import { wholeCheckpoints } from "./checkpoints.ts";
import { wholeOf } from "./checkpoint-rows.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

export async function listOutlines(
  db: Db,
  { of, after, limit }: Parameters<Reads["outlines"]>[0],
): Promise<Outline[]> {
  let found = db
    .selectFrom("checkpoints")
    .select([
      "checkpoint_id",
      "session_id",
      "sequence_number",
      "parent_id",
      "created_at",
      "deleted_at",
      "purged_at",
      "trigger_kind",
      "trigger_reason",
      "pinned",
      "damaged",
      "max_severity",
      "tree",
      "rules",
      "skipped",
      "bytes",
      "tags",
    ])
    .where("sequence_number", ">", after);
  if (of === "live") {
    const deleted = db
      .selectFrom("sessions")
      .select("sessions.session_id")
      .where("sessions.deleted_at", "is not", null);
    found = found.where("session_id", "not in", deleted);
  } else if (of !== "all") found = found.where("session_id", "=", of.session_id);
  const rows = await found.orderBy("sequence_number").limit(limit).execute();
  return rows.map(({ trigger_kind: kind, trigger_reason: reason, tags, ...row }) => ({
    ...row,
    trigger: reason === null ? { kind } : { kind, reason },
    pinned: Boolean(row.pinned),
    damaged: Boolean(row.damaged),
    tagged: tags !== "[]",
  }));
}

export async function listWholeCheckpoints(
  db: Db,
  { session_id, after, limit, bytes }: Parameters<Reads["wholeCheckpoints"]>[0],
): Promise<CheckpointRow[]> {
  const sizes = await db
    .selectFrom("checkpoints")
    .innerJoin(
      "checkpoint_contents",
      "checkpoint_contents.sequence_number",
      "checkpoints.sequence_number",
    )
    .select([
      "checkpoints.sequence_number",
      sql<number>`coalesce(length(state), 0) + length(changed_paths)`.as("size"),
    ])
    .where("session_id", "=", session_id)
    .where("deleted_at", "is", null)
    .where("checkpoints.sequence_number", ">", after)
    .orderBy("checkpoints.sequence_number")
    .limit(limit)
    .execute();
  let total = 0;
  let until: number | undefined;
  for (const { sequence_number, size } of sizes) {
    total += size;
    if (until !== undefined && total > bytes) break;
    until = sequence_number;
  }
  if (until === undefined) return [];
  const rows = await wholeCheckpoints(db, session_id)
    .where("deleted_at", "is", null)
    .where("checkpoints.sequence_number", ">", after)
    .where("checkpoints.sequence_number", "<=", until)
    .orderBy("checkpoints.sequence_number")
    .execute();
  return rows.map(wholeOf);
}
