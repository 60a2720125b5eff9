import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/**
 * For each of these checkpoints the nearest that lives, itself included, going up by stored
 * parents. Removed ones that several share are walked once, however long they go on.
 */
export async function nearestLive(
  db: Kysely<Tables>,
  checkpoint_ids: readonly string[],
): Promise<Map<string, string | null>> {
  const nearest = new Map<string, string | null>();
  if (checkpoint_ids.length === 0) return nearest;
  // Only removed ones are read, out of an index that holds all of them and nothing else.
  const rows = await db
    .withRecursive("up", (cte) =>
      cte
        .selectFrom("checkpoints")
        .select(["checkpoint_id", "parent_id"])
        .where("checkpoint_id", "in", checkpoint_ids)
        .where("deleted_at", "is not", null)
        .union((next) =>
          next
            .selectFrom("up")
            .innerJoin("checkpoints as parent", "parent.checkpoint_id", "up.parent_id")
            .select(["parent.checkpoint_id", "parent.parent_id"])
            .where("parent.deleted_at", "is not", null),
        ),
    )
    .selectFrom("up")
    .select(["checkpoint_id", "parent_id"])
    .execute();
  const removed = new Map(rows.map(({ checkpoint_id, parent_id }) => [checkpoint_id, parent_id]));
  for (const id of checkpoint_ids) {
    const trail: string[] = [];
    let at: string | null = id;
    while (at !== null && !nearest.has(at) && removed.has(at)) {
      trail.push(at);
      at = removed.get(at) ?? null;
    }
    // Known already, also as none; else `at` itself lives.
    const known = at === null ? null : nearest.get(at);
    const found = known === undefined ? at : known;
    for (const step of trail) nearest.set(step, found);
    nearest.set(id, found);
  }
  return nearest;
}
