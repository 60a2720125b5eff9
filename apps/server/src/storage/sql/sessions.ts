import { ProtocolError } from "@cairn/shared/errors";
import type { Kysely, Selectable } from "kysely";
import { defaultSettings } from "@cairn/shared/session";
import * as z from "zod/mini";
import type { Page, PageQuery, Reads, SessionRow, Tx } from "../store.ts";
import { contains } from "./conditions.ts";
import { Keyset } from "./cursor.ts";
import { fold } from "./fold.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables>;
type Change = Parameters<Tx["updateSession"]>[1];

const byActivity = new Keyset("sessions", [z.string(), z.string()]);
const byDeletion = new Keyset("deleted_sessions", [z.string(), z.string()]);

function rowOf(row: Selectable<Tables["sessions"]>): SessionRow {
  return {
    session_id: row.session_id,
    name: row.name,
    workspace: row.workspace,
    status: row.status,
    labels: JSON.parse(row.labels) as SessionRow["labels"],
    created_at: row.created_at,
    deleted_at: row.deleted_at,
    demo: Boolean(row.demo),
    head: row.head,
    checkpoints: row.checkpoints,
    bytes: row.bytes,
    last_event_at: row.last_event_at,
    seq: row.seq,
    epoch: row.epoch,
    // What is newer than the row has its default.
    settings: { ...defaultSettings, ...(JSON.parse(row.settings) as SessionRow["settings"]) },
  };
}

function searchText({
  name,
  workspace,
  labels,
}: Pick<SessionRow, "name" | "workspace" | "labels">) {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return fold([name, workspace ?? "", ...pairs].join("\n"));
}

export function missing(session_id: string): ProtocolError {
  return new ProtocolError("session_not_found", `There is no session ${session_id}.`);
}

export async function findSession(db: Db, session_id: string): Promise<SessionRow | null> {
  const row = await db
    .selectFrom("sessions")
    .selectAll()
    .where("session_id", "=", session_id)
    .executeTakeFirst();
  return row === undefined ? null : rowOf(row);
}

export async function listSessions(
  db: Db,
  query: Parameters<Reads["sessions"]>[0],
): Promise<Page<SessionRow>> {
  const { limit, status, text } = query;
  const after = byActivity.read(query.cursor);
  let found = db.selectFrom("sessions").selectAll().where("deleted_at", "is", null);
  if (status !== undefined) {
    found = found.where((eb) => eb(eb.ref("status").$castTo<string>(), "=", status));
  }
  if (text !== undefined) found = found.where((eb) => contains(eb.ref("search"), text));
  if (after !== null) {
    found = found.where((eb) =>
      eb(eb.refTuple("activity_at", "session_id"), "<", eb.tuple(...after)),
    );
  }
  const rows = await found
    .orderBy("activity_at", "desc")
    .orderBy("session_id", "desc")
    .limit(limit + 1)
    .execute();
  return byActivity.page(rows, limit, (row) => [row.activity_at, row.session_id], rowOf);
}

export async function listDeletedSessions(db: Db, query: PageQuery): Promise<Page<SessionRow>> {
  const after = byDeletion.read(query.cursor);
  let found = db.selectFrom("sessions").selectAll().where("deleted_at", "is not", null);
  if (after !== null) {
    found = found.where((eb) =>
      eb(eb.refTuple("deleted_at", "session_id"), "<", eb.tuple(...after)),
    );
  }
  const rows = await found
    .orderBy("deleted_at", "desc")
    .orderBy("session_id", "desc")
    .limit(query.limit + 1)
    .execute();
  return byDeletion.page(rows, query.limit, (row) => [row.deleted_at ?? "", row.session_id], rowOf);
}

export async function listSessionsToPurge(db: Db, now: number): Promise<SessionRow[]> {
  const rows = await db
    .selectFrom("sessions")
    .selectAll()
    .where("deleted_at", "is not", null)
    .where("purge_due", "<=", now)
    .orderBy("session_id")
    .execute();
  return rows.map(rowOf);
}

export async function listOpenWorkspaces(
  db: Db,
): Promise<{ session_id: string; name: string; workspace: string }[]> {
  return await db
    .selectFrom("sessions")
    .select(["session_id", "name", "workspace"])
    .where("deleted_at", "is", null)
    .where("status", "in", ["open", "recovery_pending"])
    .where("workspace", "is not", null)
    .$narrowType<{ workspace: string }>()
    .orderBy("created_at")
    .execute();
}

export async function insertSession(
  db: Db,
  row: Parameters<Tx["insertSession"]>[0],
): Promise<void> {
  await db
    .insertInto("sessions")
    .values({
      session_id: row.session_id,
      name: row.name,
      workspace: row.workspace,
      status: row.status,
      labels: JSON.stringify(row.labels),
      created_at: row.created_at,
      deleted_at: row.deleted_at,
      demo: row.demo,
      head: row.head,
      checkpoints: 0,
      bytes: row.bytes,
      last_event_at: null,
      seq: 0,
      epoch: row.epoch,
      settings: JSON.stringify(row.settings),
      activity_at: row.created_at,
      search: searchText(row),
      purge_due: null,
    })
    .execute();
}

export async function updateSession(db: Db, session_id: string, change: Change): Promise<void> {
  const current = await findSession(db, session_id);
  if (current === null) throw missing(session_id);
  const next = { ...current, ...change };
  await db
    .updateTable("sessions")
    .set({
      name: next.name,
      workspace: next.workspace,
      status: next.status,
      labels: JSON.stringify(next.labels),
      settings: JSON.stringify(next.settings),
      deleted_at: next.deleted_at,
      ...(change.deleted_at === undefined ? {} : { purge_due: null }),
      head: next.head,
      bytes: next.bytes,
      search: searchText(next),
    })
    .where("session_id", "=", session_id)
    .execute();
}
