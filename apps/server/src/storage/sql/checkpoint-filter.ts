import { setImmediate } from "node:timers/promises";
import type { Filter } from "@cairn/shared/checkpoint";
import { filePattern } from "@cairn/shared/file-pattern";
import { expressionBuilder } from "kysely";
import type { Expression, Kysely, SqlBool } from "kysely";
import { contains, endOfPrefix, numbersIn } from "./conditions.ts";
import type { Tables } from "./tables.ts";

/** Paths compared at a time; in between, others get the thread. */
const batch = 5_000;

/** The session's changed paths that a pattern names. */
async function pathsLike(
  db: Kysely<Tables>,
  session_id: string,
  pattern: string,
): Promise<number[]> {
  const { matches, prefix } = filePattern(pattern);
  const found: number[] = [];
  for (let after = ""; ;) {
    const rows = await db
      .selectFrom("paths")
      .select(["path_id", "path"])
      .where("session_id", "=", session_id)
      .where("path", ">", after)
      .where("path", ">=", prefix)
      .where("path", "<", endOfPrefix(prefix))
      .orderBy("path")
      .limit(batch)
      .execute();
    for (const { path_id, path } of rows) if (matches(path)) found.push(path_id);
    const last = rows.at(-1);
    if (last === undefined || rows.length < batch) return found;
    after = last.path;
    await setImmediate();
  }
}

/** Times are kept as text with milliseconds: a bound with none would sort wrongly beside them. */
function bound(time: string): string {
  return new Date(time).toISOString();
}

/** Conditions on `checkpoints` for what a filter names; `after` is inclusive, `before` is not. */
export async function conditionsOf(
  db: Kysely<Tables>,
  session_id: string,
  filter: Filter,
): Promise<Expression<SqlBool>[]> {
  const { tags, triggers, authors, text, file, before, after, partial, pinned } = filter;
  const eb = expressionBuilder<Tables, "checkpoints">();
  const all: Expression<SqlBool>[] = [];
  for (const tag of tags ?? []) {
    const tagged = eb
      .selectFrom("checkpoint_tags")
      .select("checkpoint_tags.sequence_number")
      .where("checkpoint_tags.session_id", "=", session_id)
      .where("checkpoint_tags.tag", "=", tag);
    all.push(eb("checkpoints.sequence_number", "in", tagged));
  }
  if (triggers !== undefined) {
    all.push(
      eb.or([
        eb(eb.ref("checkpoints.trigger_kind").$castTo<string>(), "in", triggers),
        eb("checkpoints.trigger_reason", "in", triggers),
      ]),
    );
  }
  if (authors !== undefined) all.push(eb("checkpoints.author", "in", authors));
  if (text !== undefined) all.push(contains(eb.ref("checkpoints.search"), text));
  if (before !== undefined) all.push(eb("checkpoints.created_at", "<", bound(before)));
  if (after !== undefined) all.push(eb("checkpoints.created_at", ">=", bound(after)));
  if (partial !== undefined) all.push(eb("checkpoints.partial", "=", partial));
  if (pinned !== undefined) all.push(eb("checkpoints.pinned", "=", pinned));
  if (file !== undefined) {
    const paths = await pathsLike(db, session_id, file);
    const changed = eb
      .selectFrom("checkpoint_paths")
      .select("checkpoint_paths.sequence_number")
      .where("checkpoint_paths.path_id", "in", numbersIn(paths));
    all.push(eb("checkpoints.sequence_number", "in", changed));
  }
  return all;
}
