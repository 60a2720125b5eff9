import { setImmediate as breathe } from "node:timers/promises";
import { sql } from "kysely";
import type { Kysely } from "kysely";
import { missing } from "./sessions.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

/** Rows a statement: a few ms of the thread. */
const atOnce = 300;

/** What belongs to a session, by table and key; notes and contents go with their checkpoint. */
const parts = [
  ["checkpoint_tags", ["tag", "sequence_number"]],
  ["events", ["seq"]],
  ["operations", ["ord"]],
  ["checkpoints", ["sequence_number"]],
] as const;

async function inSlices(work: () => Promise<{ numAffectedRows?: bigint }>): Promise<void> {
  for (;;) {
    const { numAffectedRows = 0n } = await work();
    await breathe();
    if (numAffectedRows < atOnce) return;
  }
}

/** In one transaction, in parts between which other work is done. */
export async function purgeSession(db: Db, session_id: string): Promise<string[]> {
  const checkpoints = await db
    .selectFrom("checkpoints")
    .select("checkpoint_id")
    .where("session_id", "=", session_id)
    .orderBy("sequence_number")
    .execute();
  const operations = await db
    .selectFrom("operations")
    .select("operation_id")
    .where("session_id", "=", session_id)
    .where("differences", ">", 0)
    .execute();
  await inSlices(() =>
    sql`delete from checkpoint_paths where (path_id, sequence_number) in (
      select path_id, sequence_number from paths join checkpoint_paths using (path_id)
      where session_id = ${session_id} limit ${atOnce})`.execute(db),
  );
  await inSlices(() =>
    sql`delete from paths where path_id in (
      select path_id from paths where session_id = ${session_id} limit ${atOnce})`.execute(db),
  );
  for (const [table, columns] of parts) {
    const key = sql.join(columns.map((column) => sql.ref(column)));
    await inSlices(() =>
      sql`delete from ${sql.table(table)} where session_id = ${session_id} and (${key}) in (
        select ${key} from ${sql.table(table)} where session_id = ${session_id} limit ${atOnce})`.execute(
        db,
      ),
    );
  }
  const { numDeletedRows } = await db
    .deleteFrom("sessions")
    .where("session_id", "=", session_id)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw missing(session_id);
  return [
    ...checkpoints.map(({ checkpoint_id }) => checkpoint_id),
    ...operations.map(({ operation_id }) => operation_id),
  ];
}
