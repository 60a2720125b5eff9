import type { LiveFacts } from "../sessions/live-facts.ts";
import type { RetentionRow, SessionRow } from "../storage/store.ts";
import { breathe } from "./breathe.ts";
import { compactByPolicy } from "./compact.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import type { Lanes } from "./lanes.ts";

const hourMs = 60 * 60 * 1000;
/** After a run that failed; in ms. */
const retryMs = hourMs;

interface Parts {
  deps: ServiceDeps;
  lanes: Lanes;
  live: LiveFacts;
  isEnding: () => boolean;
}

function show({ deps, live }: Parts, session: SessionRow, row: RetentionRow, due: number): void {
  const { last_at, last_removed } = row;
  const { session_id, seq } = session;
  const next_at = new Date(deps.steady.toWall(due)).toISOString();
  live.set(session_id, { retention_state: { next_at, last_at, last_removed } });
  // Nothing was committed: the hint makes whoever shows sessions look again.
  deps.bus.publish({ session_id, seq });
}

/** One session: notes its policy, or does what it asks for if that is due. */
async function retainOne(parts: Parts, session: SessionRow): Promise<void> {
  const { deps, lanes, live } = parts;
  const { store, steady, clock, log } = deps;
  const { session_id, settings } = session;
  const row = await store.retention(session_id);
  const policy = session.status === "open" ? settings.retention : null;
  if (policy === null) {
    live.clear(session_id, "retention_state");
    return;
  }
  const everyMs = policy.every_hours * hourMs;
  const save = async (next: RetentionRow): Promise<void> => {
    await store.transact(async (tx) => {
      // Gone since.
      if ((await tx.session(session_id)) !== null) await tx.saveRetention(next);
    });
    show(parts, session, next, next.since + everyMs);
  };
  if (row === null) {
    // Whoever sets a policy has until its first run to think again.
    await save({ session_id, since: steady.now(), last_at: null, last_removed: 0 });
    return;
  }
  const due = row.since + everyMs;
  if (steady.now() < due) {
    if (!live.has(session_id, "retention_state")) show(parts, session, row, due);
    return;
  }
  try {
    const last_removed = await lanes.run(session_id, () => compactByPolicy(deps, session_id));
    deps.counted?.compacted(last_removed);
    await save({ session_id, since: steady.now(), last_at: timestamp(clock), last_removed });
  } catch (error) {
    log.warn({ session_id, err: error }, "a compaction by policy failed");
    const since = steady.now() - everyMs + Math.min(retryMs, everyMs);
    await save({ ...row, since });
  }
}

/** Compacts the sessions whose policy is due, one after the other. */
export async function retain(parts: Parts): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await parts.deps.store.sessions({ limit: 50, cursor });
    for (const session of page.rows) {
      if (parts.isEnding()) return;
      const { retention } = session.settings;
      if (retention === null && !parts.live.has(session.session_id, "retention_state")) continue;
      await retainOne(parts, session);
    }
    cursor = page.next_cursor;
    await breathe();
  } while (cursor !== undefined);
}
