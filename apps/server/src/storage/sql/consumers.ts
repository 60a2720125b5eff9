import { ProtocolError } from "@cairn/shared/errors";
import type { Kysely } from "kysely";
import type { ConsumerRow } from "../store.ts";
import { findPosition } from "./events.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

export async function listConsumers(db: Db, session_id: string): Promise<ConsumerRow[]> {
  return await db
    .selectFrom("consumers")
    .selectAll()
    .where("session_id", "=", session_id)
    .orderBy("consumer")
    .execute();
}

export async function findConsumer(
  db: Db,
  session_id: string,
  consumer: string,
): Promise<ConsumerRow | null> {
  const row = await db
    .selectFrom("consumers")
    .selectAll()
    .where("session_id", "=", session_id)
    .where("consumer", "=", consumer)
    .executeTakeFirst();
  return row ?? null;
}

export async function saveConsumer(db: Db, row: ConsumerRow): Promise<void> {
  const { session_id, consumer, epoch, updated_at } = row;
  if ((await findPosition(db, session_id)) === null) {
    throw new ProtocolError("session_not_found", `There is no session ${session_id}.`);
  }
  const before = await findConsumer(db, session_id, consumer);
  // Acks may be saved in another order than they came in.
  const floor = before?.epoch === epoch ? Math.max(before.floor, row.floor) : row.floor;
  const next = { epoch, floor, updated_at };
  await db
    .insertInto("consumers")
    .values({ session_id, consumer, ...next })
    .onConflict((conflict) => conflict.columns(["session_id", "consumer"]).doUpdateSet(next))
    .execute();
}

/** False when there is no such consumer. */
export async function deleteConsumer(
  db: Db,
  session_id: string,
  consumer: string,
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("consumers")
    .where("session_id", "=", session_id)
    .where("consumer", "=", consumer)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
