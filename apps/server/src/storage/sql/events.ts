import { ProtocolError } from "@cairn/shared/errors";
import type { EventType, LoggedEvent } from "@cairn/shared/events";
import type { Kysely } from "kysely";
import type { LogPosition, NewEvent, Reads } from "../store.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

export async function findPosition(db: Db, session_id: string): Promise<LogPosition | null> {
  const row = await db
    .selectFrom("sessions")
    .select((eb) => [
      "epoch",
      "seq",
      eb
        .selectFrom("events")
        .select((events) => events.fn.min("events.seq").as("oldest"))
        .where("events.session_id", "=", session_id)
        .as("oldest"),
    ])
    .where("session_id", "=", session_id)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { epoch: row.epoch, seq: row.seq, oldest_seq: row.oldest ?? row.seq + 1 };
}

export async function listEvents(
  db: Db,
  query: Parameters<Reads["events"]>[0],
): Promise<LoggedEvent[]> {
  const { types, until } = query;
  let found = db
    .selectFrom("events")
    .select("event")
    .where("session_id", "=", query.session_id)
    .where("seq", ">", query.after);
  if (until !== undefined) found = found.where("seq", "<=", until);
  if (types !== undefined) found = found.where("event_type", "in", types);
  const rows = await found.orderBy("seq").limit(query.limit).execute();
  return rows.map(({ event }) => JSON.parse(event) as LoggedEvent);
}

export async function findSeqBeforeLast(
  db: Db,
  session_id: string,
  count: number,
  types?: readonly EventType[],
): Promise<number> {
  if (count > 0) {
    let found = db.selectFrom("events").select("seq").where("session_id", "=", session_id);
    if (types !== undefined) found = found.where("event_type", "in", types);
    const first = await found
      .orderBy("seq", "desc")
      .limit(1)
      .offset(count - 1)
      .executeTakeFirst();
    if (first !== undefined) return first.seq - 1;
  }
  const position = await findPosition(db, session_id);
  if (position === null) return 0;
  return count > 0 ? position.oldest_seq - 1 : position.seq;
}

export async function appendEvent(db: Db, event: NewEvent): Promise<LoggedEvent> {
  const { session_id, timestamp } = event.data;
  const place = await db
    .updateTable("sessions")
    .set((eb) => ({
      seq: eb("seq", "+", 1),
      last_event_at: timestamp,
      activity_at: timestamp,
    }))
    .where("session_id", "=", session_id)
    .returning(["seq", "epoch"])
    .executeTakeFirst();
  if (place === undefined) {
    throw new ProtocolError("session_not_found", `There is no session ${session_id}.`);
  }
  const logged: LoggedEvent = { ...event, ...place };
  await db
    .insertInto("events")
    .values({
      session_id,
      seq: place.seq,
      event_type: event.event_type,
      event: JSON.stringify(logged),
    })
    .execute();
  return logged;
}
