import { removeOwnFolder } from "../sessions/delete.ts";
import { breathe } from "./breathe.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { dropPurged } from "./undo-stack.ts";

/** How long the trash keeps things. */
const trashMs = 7 * 24 * 60 * 60 * 1000;
/** Rows a transaction when their days are counted from now. */
const atOnce = 500;
/** How long a transaction that purges may take, in ms: what it holds up, others wait for. */
const holdMs = 3;

/**
 * Purges what has been in the trash for seven days, as proven time tells them. The days of what
 * has come into it since the last look begin now: a clock that was set makes nothing due. Gives
 * how many checkpoints and sessions went.
 */
export async function purgeTrash(deps: ServiceDeps, isEnding: () => boolean): Promise<number> {
  const { store, steady } = deps;
  for (;;) {
    const due = steady.proven() + trashMs;
    const scheduled = await store.transact((tx) => tx.schedulePurge(due, atOnce));
    if (scheduled < atOnce || isEnding()) break;
    await breathe();
  }
  return (await purgeCheckpoints(deps, isEnding)) + (await purgeSessions(deps, isEnding));
}

async function purgeCheckpoints(deps: ServiceDeps, isEnding: () => boolean): Promise<number> {
  const { store, steady, runner } = deps;
  let purged = 0;
  const touched = new Set<string>();
  while (!isEnding()) {
    const ids = await store.checkpointsToPurge(steady.proven(), 100);
    if (ids.length === 0) break;
    const { done: gone, sessions } = await store.transact(async (tx) => {
      const purged_at = timestamp(deps.clock);
      const still = new Set(await tx.checkpointsToPurge(steady.proven(), ids.length));
      const done: string[] = [];
      const sessions: string[] = [];
      const end = performance.now() + holdMs;
      for (const id of ids) {
        // Taken out of the trash since.
        if (!still.has(id)) continue;
        sessions.push(await tx.updateCheckpoint(id, { purged_at }));
        done.push(id);
        if (performance.now() > end) break;
      }
      return { done, sessions };
    });
    // What a crash keeps from being let go here is found at the next start.
    await runner.release(gone);
    purged += gone.length;
    for (const session_id of sessions) touched.add(session_id);
    if (gone.length === 0) break;
    await breathe();
  }
  for (const session_id of touched) {
    if (isEnding()) break;
    await dropPurged(store, session_id);
  }
  return purged;
}

async function purgeSessions(deps: ServiceDeps, isEnding: () => boolean): Promise<number> {
  const { store, steady, runner } = deps;
  let purged = 0;
  for (const session of await store.sessionsToPurge(steady.proven())) {
    if (isEnding()) break;
    const pins = await store.transact(async (tx) => {
      const now = await tx.session(session.session_id);
      return now?.deleted_at === session.deleted_at
        ? await tx.purgeSession(session.session_id)
        : null;
    });
    if (pins === null) continue;
    await runner.release(pins);
    await removeOwnFolder(deps, session);
    purged += 1;
  }
  return purged;
}
