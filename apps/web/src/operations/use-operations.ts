import type { Operation } from "@cairn/shared/operation";
import { useCallback } from "react";
import { listOperations } from "../actions.ts";
import { usePages, type Pages } from "../checkpoint/use-pages.ts";
import { useSessionEvents } from "../state/live.ts";

/** Events after which the log of operations may be another. */
const telling: ReadonlySet<string> = new Set([
  "checkpoint_restored",
  "checkpoint_deleted",
  "checkpoints_compacted",
  "checkpoints_undeleted",
  "operation_updated",
]);

/** The operation log of a session, newest first, kept true by events. */
export function useOperations(session_id: string): Pages<Operation> {
  const load = useCallback(
    async (cursor: string | undefined) => {
      const { operations, next_cursor } = await listOperations({
        session_id,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: operations, next_cursor };
    },
    [session_id],
  );
  const pages = usePages(load);
  useSessionEvents(session_id, (event) => {
    if (telling.has(event.event_type) || event.operation !== undefined) pages.reload();
  });
  return pages;
}
