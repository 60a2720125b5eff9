import type { Settings } from "@cairn/shared/session";

/** Between two automatic checkpoints of a session, whatever happens in its folder. */
export const restMs = 30_000;
/** And so many times what the last one took. */
const restShare = 10;
/** After a failure; twice as long after each further one. */
const retryMs = 60_000;
const mostRetryMs = 60 * 60_000;

export type Reason = "interval" | "quiet";

/** What decides when a session is captured by itself. Times are those of a clock that never jumps. */
export interface Standing {
  /** When the last checkpoint was made, by whomever, or was found to be needless. */
  since: number;
  /** When the folder was last seen to change since then; null when it was not. */
  changedAt: number | null;
  /** When the last automatic one ended, and how long it took. */
  made: { at: number; took: number } | null;
  failures: number;
  failedAt: number;
  notBefore: number;
}

export interface Due {
  at: number;
  reason: Reason;
}

/** When the next one is due, and why; null while nothing is waited for but changes. */
export function nextDue(auto: Settings["auto"], standing: Standing): Due | null {
  const { since, changedAt, made, failures, failedAt, notBefore } = standing;
  const candidates: Due[] = [];
  if (auto.every_minutes !== undefined) {
    candidates.push({ at: since + auto.every_minutes * 60_000, reason: "interval" });
  }
  if (auto.quiet_seconds !== undefined && changedAt !== null) {
    candidates.push({ at: changedAt + auto.quiet_seconds * 1000, reason: "quiet" });
  }
  const [first] = candidates.toSorted((a, b) => a.at - b.at);
  if (first === undefined) return null;
  const rested = made === null ? 0 : made.at + Math.max(restMs, made.took * restShare);
  const retried = failures === 0 ? 0 : failedAt + retryPause(failures);
  return { ...first, at: Math.max(first.at, rested, retried, notBefore) };
}

/** In ms, after so many failures in a row. */
export function retryPause(failures: number): number {
  return Math.min(retryMs * 2 ** Math.min(failures - 1, 30), mostRetryMs);
}
