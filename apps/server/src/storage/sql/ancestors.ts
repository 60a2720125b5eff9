import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

/**
 * For each of these checkpoints the nearest that lives, itself included, going up by stored
 * parents; all by sequence number, which is where a row lies. Removed ones that several share
 * are walked once, however long they go on.
 */
async function nearestLive(
  db: Db,
  numbers: readonly number[],
): Promise<Map<number, number | null>> {
  const rows = await db
    .withRecursive("up", (cte) =>
      cte
        .selectFrom("checkpoints")
        .select(["sequence_number", "parent_number"])
        .where("sequence_number", "in", numbers)
        .where("deleted_at", "is not", null)
        .union((next) =>
          next
            .selectFrom("up")
            .innerJoin("checkpoints as parent", "parent.sequence_number", "up.parent_number")
            .select(["parent.sequence_number", "parent.parent_number"])
            .where("parent.deleted_at", "is not", null),
        ),
    )
    .selectFrom("up")
    .select(["sequence_number", "parent_number"])
    .execute();
  const removed = new Map(rows.map((row) => [row.sequence_number, row.parent_number]));
  const nearest = new Map<number, number | null>();
  for (const number of numbers) {
    const trail: number[] = [];
    let at: number | null = number;
    while (at !== null && !nearest.has(at) && removed.has(at)) {
      trail.push(at);
      at = removed.get(at) ?? null;
    }
    // Known already, also as none; else `at` itself lives.
    const known = at === null ? null : nearest.get(at);
    const found = known === undefined ? at : known;
    for (const step of trail) nearest.set(step, found);
    nearest.set(number, found);
  }
  return nearest;
}

/** The ids of the nearest live checkpoints from these numbers upwards; left out where none lives. */
export async function nearestLiveIds(
  db: Db,
  numbers: readonly number[],
): Promise<Map<number, string>> {
  const ids = new Map<number, string>();
  if (numbers.length === 0) return ids;
  const nearest = await nearestLive(db, numbers);
  const live = [...new Set(nearest.values())].filter((number) => number !== null);
  if (live.length === 0) return ids;
  const rows = await db
    .selectFrom("checkpoints")
    .select(["sequence_number", "checkpoint_id"])
    .where("sequence_number", "in", live)
    .execute();
  const named = new Map(rows.map((row) => [row.sequence_number, row.checkpoint_id]));
  for (const number of numbers) {
    const id = named.get(nearest.get(number) ?? -1);
    if (id !== undefined) ids.set(number, id);
  }
  return ids;
}
