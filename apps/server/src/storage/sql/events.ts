import { ProtocolError } from "@cairn/shared/errors";
import type { EventType, LoggedEvent } from "@cairn/shared/events";
import type { Kysely } from "kysely";
import type { LogPosition, NewEvent, Reads } from "../store.ts";
import { numbersIn } from "./conditions.ts";
import { StoredLine } from "./event-line.ts";
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

type Query = Parameters<Reads["events"]>[0];

/**
 * Where events of these types stand: a question a type, each bounded by the limit, so that the
 * rare one is found without reading all that lies between.
 */
async function seqsOfTypes(
  db: Db,
  query: Query & { types: readonly EventType[]; order: "asc" | "desc" },
): Promise<number[]> {
  const { order, limit, until } = query;
  const seqs: number[] = [];
  for (const type of new Set(query.types)) {
    let found = db
      .selectFrom("events")
      .select("seq")
      .where("session_id", "=", query.session_id)
      .where("event_type", "=", type)
      .where("seq", ">", query.after);
    if (until !== undefined) found = found.where("seq", "<=", until);
    const rows = await found.orderBy("seq", order).limit(limit).execute();
    for (const { seq } of rows) seqs.push(seq);
  }
  return seqs.toSorted((a, b) => (order === "asc" ? a - b : b - a)).slice(0, limit);
}

export async function listEventLines(db: Db, query: Query): Promise<StoredLine[]> {
  const { session_id, types, until, after, limit } = query;
  let found = db
    .selectFrom("events")
    .select(["seq", "event_type", "event"])
    .where("session_id", "=", session_id);
  if (types === undefined) {
    found = found.where("seq", ">", after);
    if (until !== undefined) found = found.where("seq", "<=", until);
  } else {
    const seqs = await seqsOfTypes(db, { ...query, types, order: "asc" });
    found = found.where("seq", "in", numbersIn(seqs));
  }
  const rows = await found.orderBy("seq").limit(limit).execute();
  return rows.map((row) => new StoredLine(row));
}

export async function countEvents(
  db: Db,
  { session_id, after, until, types }: Parameters<Reads["countEvents"]>[0],
): Promise<number> {
  let count = 0;
  // A question a type, as above: each is answered by the index alone.
  for (const type of new Set(types)) {
    const row = await db
      .selectFrom("events")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("session_id", "=", session_id)
      .where("event_type", "=", type)
      .where("seq", ">", after)
      .where("seq", "<=", until)
      .executeTakeFirstOrThrow();
    count += row.count;
  }
  return count;
}

export async function findSeqBeforeLast(
  db: Db,
  session_id: string,
  count: number,
  types?: readonly EventType[],
): Promise<number> {
  const position = await findPosition(db, session_id);
  if (position === null) return 0;
  const { seq, oldest_seq } = position;
  if (count === 0) return seq;
  // The log has no gaps.
  if (types === undefined) return Math.max(oldest_seq - 1, seq - count);
  const query = { session_id, types, after: 0, limit: count, order: "desc" } as const;
  const first = (await seqsOfTypes(db, query))[count - 1];
  return first === undefined ? oldest_seq - 1 : first - 1;
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
  const { data } = event;
  await db
    .insertInto("events")
    .values((eb) => ({
      session_id,
      seq: place.seq,
      event_type: event.event_type,
      event: JSON.stringify(logged),
      // A copy: what a filter by file finds must not change when the checkpoint is purged.
      paths: !("checkpoint_id" in data)
        ? null
        : eb
            .selectFrom("checkpoint_contents")
            .innerJoin("checkpoints", (join) =>
              join.onRef("checkpoints.sequence_number", "=", "checkpoint_contents.sequence_number"),
            )
            .select("checkpoint_contents.changed_paths")
            .where("checkpoints.checkpoint_id", "=", data.checkpoint_id),
    }))
    .execute();
  return logged;
}
