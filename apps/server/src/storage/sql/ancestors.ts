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
  const rows = await db
    .withRecursive("up", (cte) =>
      cte
        .selectFrom("checkpoints")
        .select(["checkpoint_id", "parent_id", "deleted_at"])
        .where("checkpoint_id", "in", checkpoint_ids)
        .union((next) =>
          next
            .selectFrom("up")
            .innerJoin("checkpoints as parent", "parent.checkpoint_id", "up.parent_id")
            .select(["parent.checkpoint_id", "parent.parent_id", "parent.deleted_at"])
            .where("up.deleted_at", "is not", null),
        ),
    )
    .selectFrom("up")
    .selectAll()
    .execute();
  const removed = new Map<string, string | null>();
  for (const { checkpoint_id, parent_id, deleted_at } of rows) {
    if (deleted_at === null) nearest.set(checkpoint_id, checkpoint_id);
    else removed.set(checkpoint_id, parent_id);
  }
  for (const id of checkpoint_ids) {
    const trail: string[] = [];
    let at: string | null = id;
    while (at !== null && !nearest.has(at)) {
      trail.push(at);
      // Known as "none" until the end of the trail is, so that a ring would not go on for ever.
      nearest.set(at, null);
      at = removed.get(at) ?? null;
    }
    const found = at === null ? null : (nearest.get(at) ?? null);
    for (const step of trail) nearest.set(step, found);
  }
  return nearest;
}
