import type { Kysely } from "kysely";
import type { KeyRow } from "../store.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

export async function listKeys(db: Db): Promise<KeyRow[]> {
  return await db.selectFrom("keys").selectAll().orderBy("created_at").orderBy("key_id").execute();
}

export async function findKeyByHash(db: Db, hash: string): Promise<KeyRow | null> {
  const row = await db.selectFrom("keys").selectAll().where("hash", "=", hash).executeTakeFirst();
  return row ?? null;
}

export async function insertKey(db: Db, row: KeyRow): Promise<void> {
  const { key_id, hash, label, created_at, last_used_at } = row;
  await db.insertInto("keys").values({ key_id, hash, label, created_at, last_used_at }).execute();
}

export async function touchKey(db: Db, key_id: string, at: string): Promise<void> {
  await db.updateTable("keys").set({ last_used_at: at }).where("key_id", "=", key_id).execute();
}

export async function deleteKey(db: Db, key_id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("keys")
    .where("key_id", "=", key_id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
