import type { Snapshot } from "@cairn/runner/runner";
import { ProtocolError } from "@cairn/shared/errors";
import type { Outline } from "../storage/store.ts";
import type { ServiceDeps } from "./deps.ts";
import { findCheckpoint, findSession } from "./find.ts";
import { outlinePages } from "./outlines.ts";

/** What validate and repair are asked to look at. */
export interface Scope {
  session_id?: string | undefined;
  checkpoint_id?: string | undefined;
}

/** A checkpoint to look at. */
export interface Subject {
  checkpoint_id: string;
  session_id: string;
  damaged: boolean;
  live: boolean;
  /** Null for one without files. */
  snapshot: Snapshot | null;
}

type Row = Pick<Outline, "checkpoint_id" | "session_id" | "damaged" | "deleted_at"> &
  Pick<Outline, "tree" | "rules" | "skipped">;

function subjectOf(row: Row): Subject {
  const { checkpoint_id, session_id, damaged, tree, rules, skipped } = row;
  const snapshot = tree === null || rules === null ? null : { tree, rules, skipped };
  return { checkpoint_id, session_id, damaged, live: row.deleted_at === null, snapshot };
}

/** The checkpoints of a scope, those in the trash too. */
export async function subjectsOf(
  deps: ServiceDeps,
  { session_id, checkpoint_id }: Scope,
  check: () => void,
): Promise<Subject[]> {
  if (session_id === undefined && checkpoint_id !== undefined) {
    throw new ProtocolError("invalid_params", "checkpoint_id needs its session_id.");
  }
  if (session_id !== undefined) await findSession(deps.store, session_id);
  if (session_id !== undefined && checkpoint_id !== undefined) {
    return [subjectOf(await findCheckpoint(deps.store, session_id, checkpoint_id))];
  }
  const subjects: Subject[] = [];
  const of = session_id === undefined ? "live" : { session_id };
  for await (const page of outlinePages(deps.store, of)) {
    check();
    for (const row of page) if (row.purged_at === null) subjects.push(subjectOf(row));
  }
  return subjects;
}
