import type { Recovered, Snapshot } from "@cairn/runner/runner";
import { ProtocolError } from "@cairn/shared/errors";
import type { SessionRow } from "../storage/store.ts";
import { commit } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { commitNotDone, commitRestored } from "./endings.ts";
import { outlinePages } from "./outlines.ts";

async function setStatus(
  deps: ServiceDeps,
  session_id: string,
  status: SessionRow["status"],
): Promise<void> {
  await commit(deps, async (tx, emit) => {
    const session = await tx.session(session_id);
    if (session === null || session.status === status) return;
    await tx.updateSession(session_id, { status });
    await emit({
      event_type: "session_updated",
      data: { session_id, timestamp: timestamp(deps.clock) },
      actor: "cairn",
      session: { ...session, status },
    });
  });
}

/** What cannot be dropped now stays journaled, and must not keep the server from starting. */
export async function tidyUp(deps: ServiceDeps, operation_id: string): Promise<void> {
  await deps.runner.settle(operation_id).catch((error: unknown) => {
    deps.log.warn({ operation_id, err: error }, "could not drop what a restore set aside");
  });
}

/** Brings the operation log in line with what the runner found on disk, then lets it clean up. */
async function finish(deps: ServiceDeps, recovered: Recovered): Promise<void> {
  const { operation_id, outcome, differences } = recovered;
  const row = await deps.store.operation(operation_id);
  if (row === null || row.status !== "pending") {
    if (outcome !== "unreachable") await tidyUp(deps, operation_id);
    return;
  }
  deps.log.warn({ operation_id, outcome, differences }, "an operation was cut by a crash");
  if (outcome === "unreachable") {
    await setStatus(deps, row.session_id, "recovery_pending");
    return;
  }
  if (outcome === "after") await commitRestored(deps, operation_id, differences);
  else await commitNotDone(deps, operation_id, "rolled_back", differences.length);
  await tidyUp(deps, operation_id);
  await reopen(deps, row.session_id);
}

async function reopen(deps: ServiceDeps, session_id: string): Promise<void> {
  const session = await deps.store.session(session_id);
  if (session?.status === "recovery_pending") await setStatus(deps, session_id, "open");
}

/**
 * Ends pending operations that have no journal: the first file was never touched, or all was
 * taken back by a recovery that was cut, or that another session asked for.
 */
async function endUnjournaled(
  deps: ServiceDeps,
  journaled: Recovered[],
  session_id?: string,
): Promise<void> {
  const known = new Set(journaled.map(({ operation_id }) => operation_id));
  for (const row of await deps.store.pendingOperations()) {
    if (known.has(row.operation_id)) continue;
    if (session_id !== undefined && row.session_id !== session_id) continue;
    await commitNotDone(deps, row.operation_id, "rolled_back");
    await reopen(deps, row.session_id);
  }
}

/**
 * Ends a restore that failed while files were changed. The runner has taken it back, or does so
 * now; where even that fails the journal stays, and the session waits for `ensureRecovered`.
 */
export async function endFailed(
  deps: ServiceDeps,
  session_id: string,
  operation_id: string,
  why: unknown,
): Promise<void> {
  const isCancelled = why instanceof ProtocolError && why.code === "cancelled";
  try {
    await deps.runner.abandon(operation_id);
  } catch (error) {
    deps.log.error({ operation_id, err: error }, "a failed restore could not be taken back yet");
    await setStatus(deps, session_id, "recovery_pending");
    return;
  }
  const status = isCancelled ? "rolled_back" : "failed";
  await commitNotDone(deps, operation_id, status).catch((error: unknown) => {
    // The next start ends it: it is pending and has no journal.
    deps.log.error({ operation_id, err: error }, "the end of a restore could not be written");
  });
}

async function resolveJournals(deps: ServiceDeps): Promise<void> {
  const left = await deps.runner.recover([]);
  for (const recovered of left) await finish(deps, recovered);
  await endUnjournaled(deps, left);
}

/**
 * At start, before the server listens: every operation that a crash cut ends exactly before or
 * exactly after, and snapshots that no checkpoint names are let go. A folder that cannot be
 * reached makes its session `recovery_pending`; the server starts all the same.
 */
export async function recoverAtStart(deps: ServiceDeps): Promise<void> {
  await resolveJournals(deps);
  const unpinned = await deps.runner.reconcile(await deps.store.pins());
  if (unpinned > 0) deps.log.info({ unpinned }, "let go of snapshots that no checkpoint names");
  if ((await deps.runner.waiting()).pins_lost) await repin(deps);
}

/** The runner made its index anew and has forgotten what is kept: it is told all of it. */
async function repin(deps: ServiceDeps): Promise<void> {
  const kept: { pin: string; snapshot: Snapshot }[] = [];
  for await (const page of outlinePages(deps.store, "all")) {
    for (const { checkpoint_id: pin, tree, rules, skipped, purged_at } of page) {
      if (tree === null || rules === null || purged_at !== null) continue;
      kept.push({ pin, snapshot: { tree, rules, skipped } });
    }
  }
  const pinned = await deps.runner.repin(kept);
  deps.log.warn({ pinned }, "the index of the snapshot store was damaged and has been made anew");
}

/** Tries again for a session whose folder was out of reach; still so is `workspace_unavailable`. */
export async function ensureRecovered(deps: ServiceDeps, session_id: string): Promise<void> {
  const session = await deps.store.session(session_id);
  if (session?.status !== "recovery_pending") return;
  const left = await deps.runner.recover([]);
  let reached = true;
  let why: string | undefined;
  for (const recovered of left) {
    const row = await deps.store.operation(recovered.operation_id);
    if (row?.session_id !== session_id) continue;
    await finish(deps, recovered);
    if (recovered.outcome !== "unreachable") continue;
    reached = false;
    why ??= recovered.differences[0]?.detail;
  }
  // Other sessions' journals were resolved with these: theirs end here when they are asked for.
  await endUnjournaled(deps, left, session_id);
  if (reached) await reopen(deps, session_id);
  const now = await deps.store.session(session_id);
  if (now?.status === "recovery_pending") {
    throw new ProtocolError(
      "workspace_unavailable",
      why === undefined
        ? `A restore of "${session.name}" was cut short and its folder ${session.workspace} ` +
            "cannot be reached. Make the folder available again, then retry."
        : `A restore of "${session.name}" was cut short. ${why}`,
    );
  }
}
