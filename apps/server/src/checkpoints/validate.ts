import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { CheckpointRow } from "../storage/store.ts";
import { checksumOf } from "./checksum.ts";
import { commit } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { findCheckpoint, findSession } from "./find.ts";
import { emitUpdated } from "./annotations.ts";
import type { LongCall } from "./long-calls.ts";
import { snapshotOf } from "./views.ts";

type Problem = Result<"validate">["problems"][number];

async function candidates(
  deps: ServiceDeps,
  params: ParsedParams<"validate">,
): Promise<CheckpointRow[]> {
  if (params.session_id !== undefined) {
    const session = await findSession(deps.store, params.session_id);
    if (params.checkpoint_id !== undefined) {
      return [await findCheckpoint(deps.store, session.session_id, params.checkpoint_id)];
    }
    return deps.store.allCheckpoints(session.session_id);
  }
  const rows: CheckpointRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await deps.store.sessions({ limit: 200, cursor });
    for (const session of page.rows) {
      rows.push(...(await deps.store.allCheckpoints(session.session_id)));
    }
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return rows;
}

/** Checks checksums and stored objects, and marks checkpoints as damaged or sound again. */
export async function validate(
  deps: ServiceDeps,
  call: LongCall,
  params: ParsedParams<"validate">,
): Promise<Result<"validate">> {
  const rows = await candidates(deps, params);
  const problems: Problem[] = [];
  const sessionOf = new Map(rows.map((row) => [row.checkpoint_id, row.session_id]));
  for (const row of rows) {
    if (checksumOf(row) !== row.checksum) {
      problems.push({
        session_id: row.session_id,
        checkpoint_id: row.checkpoint_id,
        problem: "the stored facts do not match their checksum",
      });
    }
  }
  const snapshots = rows.flatMap((row) => {
    const snapshot = snapshotOf(row);
    return snapshot === null ? [] : [{ pin: row.checkpoint_id, snapshot }];
  });
  const checked = await deps.runner.validate(
    { snapshots, deep: params.deep === true },
    call.hooks(params.session_id ?? "*", params.operation_id, "validate"),
  );
  for (const { pin, ...problem } of checked.problems) {
    const session_id = sessionOf.get(pin);
    if (session_id !== undefined) problems.push({ session_id, checkpoint_id: pin, ...problem });
  }
  const broken = new Set(problems.map((problem) => problem.checkpoint_id));
  for (const row of rows) {
    const damaged = broken.has(row.checkpoint_id);
    if (row.damaged === damaged) continue;
    await commit(deps, async (tx, emit) => {
      await tx.updateCheckpoint(row.checkpoint_id, { damaged });
      await emitUpdated(deps, tx, emit, row.session_id, row.checkpoint_id, "cairn");
    });
  }
  const start = params.cursor === undefined ? 0 : Number.parseInt(params.cursor, 10) || 0;
  const end = start + params.limit;
  return {
    valid: rows.length - broken.size,
    invalid: broken.size,
    skipped: 0,
    checked_at: timestamp(deps.clock),
    problems: problems.slice(start, end),
    ...(end < problems.length ? { next_cursor: String(end) } : {}),
  };
}
