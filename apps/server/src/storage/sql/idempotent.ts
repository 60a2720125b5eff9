import { ProtocolError } from "@cairn/shared/errors";
import type { Kysely } from "kysely";
import { idempotencyMs } from "../store.ts";
import type { IdempotentRow } from "../store.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

export async function findIdempotent(
  db: Db,
  actor: string,
  method: string,
  key: string,
): Promise<IdempotentRow | null> {
  const row = await db
    .selectFrom("idempotent")
    .selectAll()
    .where("actor", "=", actor)
    .where("method", "=", method)
    .where("key", "=", key)
    .executeTakeFirst();
  return row ?? null;
}

export async function insertIdempotent(db: Db, row: IdempotentRow): Promise<void> {
  const { actor, method, key, params_hash, result, created_at } = row;
  const expired = new Date(Date.parse(created_at) - idempotencyMs).toISOString();
  await db
    .deleteFrom("idempotent")
    .where("actor", "=", actor)
    .where("method", "=", method)
    .where("key", "=", key)
    .where("created_at", "<=", expired)
    .execute();
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("idempotent")
    .values({ actor, method, key, params_hash, result, created_at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 1n) return;
  // Another server on the same store has done it meanwhile: this transaction must not count.
  throw new ProtocolError(
    "idempotency_conflict",
    "Another call with this idempotency_key was done meanwhile. Call again to get its answer.",
  );
}

/** How many were forgotten. */
export async function expireIdempotent(db: Db, before: string, limit: number): Promise<number> {
  const old = await db
    .selectFrom("idempotent")
    .select(["actor", "method", "key"])
    .where("created_at", "<", before)
    .orderBy("created_at")
    .limit(limit)
    .execute();
  for (const { actor, method, key } of old) {
    await db
      .deleteFrom("idempotent")
      .where("actor", "=", actor)
      .where("method", "=", method)
      .where("key", "=", key)
      .execute();
  }
  return old.length;
}
