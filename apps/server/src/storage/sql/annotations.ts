import type { Annotation, Severity } from "@cairn/shared/checkpoint";
import { ProtocolError } from "@cairn/shared/errors";
import type { Kysely } from "kysely";
import type { Tx } from "../store.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;

const columns = [
  "annotation_id",
  "checkpoint_id",
  "note",
  "severity",
  "author",
  "created_at",
] as const;

const worstFirst = ["critical", "warning", "info"] as const satisfies Severity[];

export async function listAnnotations(db: Db, checkpoint_id: string): Promise<Annotation[]> {
  return await db
    .selectFrom("annotations")
    .select(columns)
    .where("checkpoint_id", "=", checkpoint_id)
    .orderBy("ord")
    .execute();
}

export async function findAnnotation(
  db: Db,
  session_id: string,
  annotation_id: string,
): Promise<Annotation | null> {
  const row = await db
    .selectFrom("annotations")
    .select(columns)
    .where("annotation_id", "=", annotation_id)
    .where("session_id", "=", session_id)
    .executeTakeFirst();
  return row ?? null;
}

/** Brings a checkpoint's count of notes and worst severity up to date. */
async function countNotes(db: Db, checkpoint_id: string): Promise<void> {
  const notes = await db
    .selectFrom("annotations")
    .select("severity")
    .where("checkpoint_id", "=", checkpoint_id)
    .execute();
  const given = new Set(notes.map(({ severity }) => severity));
  await db
    .updateTable("checkpoints")
    .set({
      annotation_count: notes.length,
      max_severity: worstFirst.find((severity) => given.has(severity)) ?? null,
    })
    .where("checkpoint_id", "=", checkpoint_id)
    .execute();
}

export async function insertAnnotation(
  db: Db,
  row: Parameters<Tx["insertAnnotation"]>[0],
): Promise<void> {
  const { annotation_id, checkpoint_id, session_id, note, severity, author, created_at } = row;
  await db
    .insertInto("annotations")
    .values({ annotation_id, checkpoint_id, session_id, note, severity, author, created_at })
    .execute();
  await countNotes(db, checkpoint_id);
}

export async function deleteAnnotation(db: Db, annotation_id: string): Promise<void> {
  const row = await db
    .deleteFrom("annotations")
    .where("annotation_id", "=", annotation_id)
    .returning("checkpoint_id")
    .executeTakeFirst();
  if (row === undefined) {
    throw new ProtocolError("not_found", `There is no note ${annotation_id}.`);
  }
  await countNotes(db, row.checkpoint_id);
}
