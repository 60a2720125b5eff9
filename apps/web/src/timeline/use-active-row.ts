import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { useEffect, useState } from "react";
import { getCheckpoint } from "../actions.ts";
import { useCheckpoint, useSessionEvents } from "../state/live.ts";

/** The row that keys act on; asked for by itself when a link leads further back than the loaded pages. */
export function useActiveRow(
  session_id: string,
  active: string | null,
): CheckpointSummary | undefined {
  const loaded = useCheckpoint(session_id, active);
  const [asked, setAsked] = useState<CheckpointSummary | null>(null);
  const missing = active !== null && loaded === undefined;
  useEffect(() => {
    if (!missing) return undefined;
    let current = true;
    getCheckpoint(session_id, active).then(
      ({ checkpoint }) => {
        if (current) setAsked(checkpoint);
      },
      // The inspector asks for the same and says what is wrong.
      () => {},
    );
    return () => {
      current = false;
    };
  }, [session_id, active, missing]);
  useSessionEvents(session_id, ({ checkpoint }) => {
    if (checkpoint !== undefined && checkpoint.checkpoint_id === asked?.checkpoint_id) {
      setAsked(checkpoint);
    }
  });
  if (loaded !== undefined) return loaded;
  return asked?.checkpoint_id === active && asked.deleted_at === null ? asked : undefined;
}
