import { ProtocolError } from "@cairn/shared/errors";
import type { LoggedEvent } from "@cairn/shared/events";
import type { Kysely } from "kysely";
import type { Tx } from "../store.ts";
import { findPosition } from "./events.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

function timeOf(event: string): string {
  return (JSON.parse(event) as LoggedEvent).data.timestamp;
}

/** Seq of the last of the oldest events that are all from before a time; 0 for none. */
async function lastBefore(
  db: Db,
  session_id: string,
  before: string,
  limit: number,
): Promise<number> {
  const oldest = db
    .selectFrom("events")
    .select(["seq", "event"])
    .where("session_id", "=", session_id)
    .orderBy("seq");
  // Mostly the oldest is young enough, and nothing else has to be read.
  const first = await oldest.limit(1).executeTakeFirst();
  if (first === undefined || timeOf(first.event) >= before) return 0;
  let last = first.seq;
  for (const { seq, event } of await oldest.limit(limit).execute()) {
    if (timeOf(event) >= before) break;
    last = seq;
  }
  return last;
}

export async function trimLog(
  db: Db,
  session_id: string,
  { keep, before, limit }: Parameters<Tx["trimLog"]>[1],
): Promise<number> {
  const position = await findPosition(db, session_id);
  if (position === null) {
    throw new ProtocolError("session_not_found", `There is no session ${session_id}.`);
  }
  const { seq, oldest_seq } = position;
  const old = await lastBefore(db, session_id, before, limit);
  // The log has no gaps, so that counting is subtracting. The newest tells how far the log went.
  const last = Math.min(Math.max(seq - keep, old), seq - 1, oldest_seq + limit - 1);
  if (last < oldest_seq) return oldest_seq;
  await db
    .deleteFrom("events")
    .where("session_id", "=", session_id)
    .where("seq", "<=", last)
    .execute();
  return last + 1;
}
