import type { Checkpoint, CheckpointSummary } from "@cairn/shared/checkpoint";
import type { LiveEvent } from "@cairn/shared/events";
import { useCallback, useEffect, useRef, useState } from "react";
import { getCheckpoint, listTrash } from "../actions.ts";
import { useCheckpoint, useSessionEvents } from "../state/live.ts";
import { toFailure } from "../ui/error.ts";

/** How long a selection must stand before its details are asked for, while it moves quickly. */
const settleMs = 120;

export interface Details {
  /** The newest facts: of the list at once, then of the whole checkpoint. */
  summary: CheckpointSummary | null;
  /** Null until it is loaded. */
  checkpoint: Checkpoint | null;
  error: unknown;
  /** In the trash. */
  deleted: boolean;
  reload: () => void;
}

interface Loaded {
  id: string;
  /** Of a deleted checkpoint, as the trash lists it. */
  trashed?: CheckpointSummary | undefined;
  checkpoint: Checkpoint | null;
  error: unknown;
  deleted: boolean;
}

function concerns(event: LiveEvent, checkpoint_id: string): boolean {
  if ("checkpoint_id" in event.data && event.data.checkpoint_id === checkpoint_id)
    return event.event_type !== "checkpoint_restored";
  if (event.event_type === "checkpoints_compacted")
    return event.removed?.includes(checkpoint_id) ?? true;
  if (event.event_type === "checkpoints_undeleted")
    return event.checkpoints?.some((row) => row.checkpoint_id === checkpoint_id) ?? true;
  return false;
}

/** What the trash tells of a checkpoint, if it is among the latest that were deleted. */
async function findInTrash(
  session_id: string,
  checkpoint_id: string,
): Promise<CheckpointSummary | undefined> {
  try {
    const { checkpoints } = await listTrash({ session_id, limit: 200 });
    return checkpoints.find((each) => each.checkpoint_id === checkpoint_id);
  } catch {
    // Its id, and the way to take it back, are known without it.
    return undefined;
  }
}

/** One checkpoint, whole and kept true by events. */
export function useDetails(session_id: string, checkpoint_id: string): Details {
  const row = useCheckpoint(session_id, checkpoint_id);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const run = useRef(0);
  const askedAt = useRef(Number.NEGATIVE_INFINITY);

  const load = useCallback(async (): Promise<void> => {
    run.current += 1;
    const mine = run.current;
    try {
      const { checkpoint } = await getCheckpoint(session_id, checkpoint_id);
      if (mine === run.current)
        setLoaded({ id: checkpoint_id, checkpoint, error: null, deleted: false });
    } catch (error) {
      if (mine !== run.current) return;
      const deleted = "deleted_at" in toFailure(error).details;
      const trashed = deleted ? await findInTrash(session_id, checkpoint_id) : undefined;
      if (mine !== run.current) return;
      setLoaded((before) => {
        // What was on the screen stays there, marked as deleted.
        const known = before?.id === checkpoint_id ? before.checkpoint : null;
        return { id: checkpoint_id, checkpoint: known, trashed, error, deleted };
      });
    }
  }, [session_id, checkpoint_id]);

  useEffect(() => {
    const now = performance.now();
    const wait = now - askedAt.current < settleMs ? settleMs : 0;
    askedAt.current = now;
    const timer = setTimeout(() => void load(), wait);
    return () => {
      clearTimeout(timer);
      run.current += 1;
    };
  }, [load]);

  useSessionEvents(session_id, (event) => {
    if (concerns(event, checkpoint_id)) void load();
  });

  const current = loaded?.id === checkpoint_id ? loaded : null;
  return {
    summary: row ?? current?.checkpoint ?? current?.trashed ?? null,
    checkpoint: current?.checkpoint ?? null,
    error: current?.deleted === true ? null : (current?.error ?? null),
    deleted: current?.deleted ?? false,
    reload: useCallback(() => void load(), [load]),
  };
}
