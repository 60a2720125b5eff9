import { setImmediate as breathe } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Tx } from "../store.ts";
import { summaryColumns, summaryOf } from "./checkpoint-rows.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

/** Rows a statement: two or three ms of the thread. */
const atOnce = 100;

function* slices(ids: readonly string[]): Generator<string[]> {
  const all = [...new Set(ids)];
  for (let at = 0; at < all.length; at += atOnce) yield all.slice(at, at + atOnce);
}

export async function hasAny(
  db: Db,
  ...[session_id, ids, deleted]: Parameters<Tx["hasAny"]>
): Promise<boolean> {
  for (const slice of slices(ids)) {
    const found = await db
      .selectFrom("checkpoints")
      .select("sequence_number")
      .where("checkpoint_id", "in", slice)
      .where("session_id", "=", session_id)
      .where(deleted === "too" ? "purged_at" : "deleted_at", "is", null)
      .limit(1)
      .executeTakeFirst();
    if (found !== undefined) return true;
    await breathe();
  }
  return false;
}

async function countLive(db: Db, session_id: string, change: number): Promise<void> {
  await db
    .updateTable("sessions")
    .set((eb) => ({ checkpoints: eb("checkpoints", "+", change) }))
    .where("session_id", "=", session_id)
    .execute();
}

export async function removeCheckpoints(
  db: Db,
  ...[session_id, ids, deleted_at]: Parameters<Tx["removeCheckpoints"]>
): Promise<string[]> {
  const removed: string[] = [];
  for (const slice of slices(ids)) {
    const rows = await db
      .updateTable("checkpoints")
      .set({ deleted_at, purge_due: null })
      .where("checkpoint_id", "in", slice)
      .where("session_id", "=", session_id)
      .where("deleted_at", "is", null)
      .returning("checkpoint_id")
      .execute();
    removed.push(...rows.map(({ checkpoint_id }) => checkpoint_id));
    await breathe();
  }
  await countLive(db, session_id, -removed.length);
  return removed;
}

export async function undeleteCheckpoints(
  db: Db,
  ...[session_id, ids]: Parameters<Tx["undeleteCheckpoints"]>
): ReturnType<Tx["undeleteCheckpoints"]> {
  const back: Awaited<ReturnType<Tx["undeleteCheckpoints"]>> = [];
  for (const slice of slices(ids)) {
    const returned = await db
      .updateTable("checkpoints")
      .set({ deleted_at: null, purge_due: null })
      .where("checkpoint_id", "in", slice)
      .where("session_id", "=", session_id)
      .where("deleted_at", "is not", null)
      .where("purged_at", "is", null)
      .returning("checkpoint_id")
      .execute();
    const lives = returned.map(({ checkpoint_id }) => checkpoint_id);
    const rows = await db
      .selectFrom("checkpoints")
      .select(summaryColumns)
      .where("checkpoint_id", "in", lives)
      .orderBy("sequence_number")
      .execute();
    back.push(...rows.map(summaryOf));
    await breathe();
  }
  await countLive(db, session_id, back.length);
  return back;
}

export async function schedulePurge(
  db: Db,
  ...[due, limit]: Parameters<Tx["schedulePurge"]>
): Promise<number> {
  const checkpoints = await db
    .updateTable("checkpoints")
    .set({ purge_due: due })
    .where("sequence_number", "in", (eb) =>
      eb
        .selectFrom("checkpoints as trash")
        .select("trash.sequence_number")
        .where("trash.purge_due", "is", null)
        .where("trash.deleted_at", "is not", null)
        .where("trash.purged_at", "is", null)
        .limit(limit),
    )
    .executeTakeFirst();
  const sessions = await db
    .updateTable("sessions")
    .set({ purge_due: due })
    .where("deleted_at", "is not", null)
    .where("purge_due", "is", null)
    .executeTakeFirst();
  return Number(checkpoints.numUpdatedRows + sessions.numUpdatedRows);
}

export async function listCheckpointsToPurge(
  db: Db,
  now: number,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom("checkpoints")
    .select("checkpoint_id")
    .where("purge_due", "<=", now)
    .where("deleted_at", "is not", null)
    .where("purged_at", "is", null)
    .orderBy("purge_due")
    .limit(limit)
    .execute();
  return rows.map(({ checkpoint_id }) => checkpoint_id);
}
