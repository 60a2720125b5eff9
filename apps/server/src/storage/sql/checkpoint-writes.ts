import { ProtocolError } from "@cairn/shared/errors";
import type { Kysely } from "kysely";
import type { NewCheckpoint, Tx } from "../store.ts";
import { fold } from "./fold.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

/** Rows a statement: each has few values, and engines bound how many one may have. */
const rowsAtOnce = 500;

function* slices<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += rowsAtOnce) yield items.slice(at, at + rowsAtOnce);
}

export async function nextSequenceNumber(db: Db): Promise<number> {
  const { value } = await db
    .updateTable("counters")
    .set((eb) => ({ value: eb("value", "+", 1) }))
    .where("name", "=", "sequence_number")
    .returning("value")
    .executeTakeFirstOrThrow();
  return value;
}

interface Place {
  session_id: string;
  sequence_number: number;
}

async function insertTags(db: Db, place: Place, tags: readonly string[]): Promise<void> {
  const { session_id, sequence_number } = place;
  const rows = [...new Set(tags)].map((tag) => ({ session_id, tag, sequence_number }));
  if (rows.length > 0) await db.insertInto("checkpoint_tags").values(rows).execute();
}

async function deleteTags(db: Db, place: Place, tags: readonly string[]): Promise<void> {
  if (tags.length === 0) return;
  await db
    .deleteFrom("checkpoint_tags")
    .where("session_id", "=", place.session_id)
    .where("tag", "in", tags)
    .where("sequence_number", "=", place.sequence_number)
    .execute();
}

async function insertPaths(db: Db, place: Place, paths: readonly string[]): Promise<void> {
  const { session_id, sequence_number } = place;
  for (const slice of slices([...new Set(paths)])) {
    await db
      .insertInto("paths")
      .values(slice.map((path) => ({ session_id, path })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await db
      .insertInto("checkpoint_paths")
      .columns(["path_id", "sequence_number"])
      .expression((eb) =>
        eb
          .selectFrom("paths")
          .select(["path_id", eb.val(sequence_number).as("sequence_number")])
          .where("session_id", "=", session_id)
          .where("path", "in", slice),
      )
      .execute();
  }
}

async function deletePaths(db: Db, place: Place, paths: readonly string[]): Promise<void> {
  for (const slice of slices(paths)) {
    await db
      .deleteFrom("checkpoint_paths")
      .where("sequence_number", "=", place.sequence_number)
      .where("path_id", "in", (eb) =>
        eb
          .selectFrom("paths")
          .select("path_id")
          .where("session_id", "=", place.session_id)
          .where("path", "in", slice),
      )
      .execute();
  }
}

async function countLive(db: Db, session_id: string, change: 1 | -1): Promise<void> {
  await db
    .updateTable("sessions")
    .set((eb) => ({ checkpoints: eb("checkpoints", "+", change) }))
    .where("session_id", "=", session_id)
    .execute();
}

/** Whoever walks up from a checkpoint relies on its parent. */
async function numberOfParent(db: Db, row: NewCheckpoint): Promise<number | null> {
  if (row.parent_id === null) return null;
  const parent = await db
    .selectFrom("checkpoints")
    .select(["session_id", "sequence_number"])
    .where("checkpoint_id", "=", row.parent_id)
    .executeTakeFirst();
  if (parent?.session_id === row.session_id) return parent.sequence_number;
  throw new Error(`checkpoint ${row.parent_id} is no parent in session ${row.session_id}`);
}

export async function insertCheckpoint(db: Db, row: NewCheckpoint): Promise<void> {
  const { session_id, sequence_number, tags, trigger, git, state, changed_paths, ...rest } = row;
  await db
    .insertInto("checkpoints")
    .values({
      session_id,
      sequence_number,
      parent_number: await numberOfParent(db, row),
      checkpoint_id: rest.checkpoint_id,
      parent_id: rest.parent_id,
      message: rest.message,
      tags: JSON.stringify(tags),
      trigger_kind: trigger.kind,
      trigger_reason: trigger.reason ?? null,
      author: rest.author,
      created_at: rest.created_at,
      deleted_at: null,
      purged_at: null,
      pinned: rest.pinned,
      partial: rest.partial,
      damaged: false,
      tree: rest.tree,
      files: rest.files,
      bytes: rest.bytes,
      changed_files: rest.changed_files,
      added: rest.added,
      removed: rest.removed,
      git: git === null ? null : JSON.stringify(git),
      checksum: rest.checksum,
      rules: rest.rules,
      skipped: rest.skipped,
      annotation_count: 0,
      max_severity: null,
      search: fold(rest.message),
      purge_due: null,
    })
    .execute();
  await db
    .insertInto("checkpoint_contents")
    .values({
      sequence_number,
      state: state === null ? null : JSON.stringify(state),
      changed_paths: JSON.stringify(changed_paths),
    })
    .execute();
  const place = { session_id, sequence_number };
  await insertTags(db, place, tags);
  await insertPaths(db, place, changed_paths);
  await countLive(db, session_id, 1);
}

async function purgeContents(db: Db, place: Place): Promise<void> {
  const { sequence_number } = place;
  const contents = await db
    .selectFrom("checkpoint_contents")
    .select("changed_paths")
    .where("sequence_number", "=", sequence_number)
    .executeTakeFirst();
  if (contents === undefined) return;
  await deletePaths(db, place, JSON.parse(contents.changed_paths) as string[]);
  await db
    .deleteFrom("checkpoint_contents")
    .where("sequence_number", "=", sequence_number)
    .execute();
}

export async function updateCheckpoint(
  db: Db,
  checkpoint_id: string,
  change: Parameters<Tx["updateCheckpoint"]>[1],
): Promise<string> {
  const current = await db
    .selectFrom("checkpoints")
    .select(["session_id", "sequence_number", "tags", "deleted_at", "purged_at"])
    .where("checkpoint_id", "=", checkpoint_id)
    .executeTakeFirst();
  if (current === undefined) {
    throw new ProtocolError("checkpoint_not_found", `There is no checkpoint ${checkpoint_id}.`);
  }
  const { tags, ...columns } = change;
  await db
    .updateTable("checkpoints")
    .set({
      ...columns,
      // In the trash anew: its days count anew.
      ...(columns.deleted_at === undefined ? {} : { purge_due: null }),
      tags: tags === undefined ? current.tags : JSON.stringify(tags),
    })
    .where("checkpoint_id", "=", checkpoint_id)
    .execute();
  if (tags !== undefined) {
    await deleteTags(db, current, JSON.parse(current.tags) as string[]);
    await insertTags(db, current, tags);
  }
  if (change.deleted_at !== undefined) {
    const lived = current.deleted_at === null;
    const lives = change.deleted_at === null;
    if (lived !== lives) await countLive(db, current.session_id, lives ? 1 : -1);
  }
  if ((change.purged_at ?? null) !== null) await purgeContents(db, current);
  return current.session_id;
}
