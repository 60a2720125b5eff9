import type { Kysely } from "kysely";
import type { Reads } from "../store.ts";
import type { Tables } from "./tables.ts";

export async function findEventPaths(
  db: Kysely<Tables>,
  { session_id, after, until }: Parameters<Reads["eventPaths"]>[0],
): Promise<ReadonlyMap<number, string[]>> {
  const rows = await db
    .selectFrom("events")
    .select(["seq", "paths"])
    .where("session_id", "=", session_id)
    .where("seq", ">", after)
    .where("seq", "<=", until)
    .where("paths", "is not", null)
    .execute();
  return new Map(rows.map(({ seq, paths }) => [seq, JSON.parse(paths ?? "[]") as string[]]));
}
