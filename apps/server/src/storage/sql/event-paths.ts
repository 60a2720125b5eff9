import type { LoggedEvent } from "@cairn/shared/events";
import type { Kysely } from "kysely";
import type { Reads } from "../store.ts";
import { stringsIn } from "./conditions.ts";
import type { Tables } from "./tables.ts";

export async function findEventPaths(
  db: Kysely<Tables>,
  { session_id, after, until }: Parameters<Reads["eventPaths"]>[0],
): Promise<ReadonlyMap<number, string[]>> {
  const events = await db
    .selectFrom("events")
    .select(["seq", "event"])
    .where("session_id", "=", session_id)
    .where("seq", ">", after)
    .where("seq", "<=", until)
    .execute();
  const idOf = new Map<number, string>();
  for (const { seq, event } of events) {
    const { data } = JSON.parse(event) as LoggedEvent;
    if ("checkpoint_id" in data) idOf.set(seq, data.checkpoint_id);
  }
  const rows = await db
    .selectFrom("checkpoints")
    .innerJoin("checkpoint_contents", (join) =>
      join.onRef("checkpoint_contents.sequence_number", "=", "checkpoints.sequence_number"),
    )
    .select(["checkpoints.checkpoint_id", "checkpoint_contents.changed_paths"])
    .where("checkpoints.checkpoint_id", "in", stringsIn([...new Set(idOf.values())]))
    .where("checkpoints.session_id", "=", session_id)
    .execute();
  const pathsOf = new Map(
    rows.map((row) => [row.checkpoint_id, JSON.parse(row.changed_paths) as string[]]),
  );
  const paths = new Map<number, string[]>();
  for (const [seq, id] of idOf) {
    const changed = pathsOf.get(id);
    if (changed !== undefined) paths.set(seq, changed);
  }
  return paths;
}
