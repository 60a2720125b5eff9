import type { Kysely } from "kysely";
import type { RetentionRow } from "../store.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

export async function findRetention(db: Db, session_id: string): Promise<RetentionRow | null> {
  const row = await db
    .selectFrom("retentions")
    .selectAll()
    .where("session_id", "=", session_id)
    .executeTakeFirst();
  return row ?? null;
}

export async function saveRetention(db: Db, row: RetentionRow): Promise<void> {
  const { session_id: _, ...change } = row;
  await db
    .insertInto("retentions")
    .values(row)
    .onConflict((conflict) => conflict.column("session_id").doUpdateSet(change))
    .execute();
}

export async function deleteRetention(db: Db, session_id: string): Promise<void> {
  await db.deleteFrom("retentions").where("session_id", "=", session_id).execute();
}

export async function findUpkeep(db: Db, name: string): Promise<unknown> {
  const row = await db
    .selectFrom("upkeep")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.value) as unknown);
}

export async function saveUpkeep(db: Db, name: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  await db
    .insertInto("upkeep")
    .values({ name, value: text })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: text }))
    .execute();
}
