import type { LoggedEvent } from "@cairn/shared/events";
import type { TimelineLog } from "./timeline-log.ts";

/**
 * Makes the rows show one event. `complete` says that no older page is left to load. Applying the
 * same event twice is harmless. True if the event says too little and the pages must be loaded again.
 */
export function applyEvent(log: TimelineLog, event: LoggedEvent, complete: boolean): boolean {
  switch (event.event_type) {
    case "checkpoint_created":
      if (event.checkpoint === undefined) return true;
      log.put(event.checkpoint);
      break;
    case "checkpoint_deleted":
      log.remove([event.data.checkpoint_id]);
      break;
    case "checkpoint_updated":
      if (event.checkpoint === undefined) return true;
      if (log.get(event.data.checkpoint_id) !== undefined) log.put(event.checkpoint);
      break;
    case "checkpoints_compacted":
      log.remove(event.removed ?? []);
      return event.reload === true || event.removed === undefined;
    case "checkpoints_undeleted":
      for (const row of event.checkpoints ?? []) {
        // Older than every row here: it comes with its page.
        if (complete || row.sequence_number > (log.oldest()?.sequence_number ?? 0)) log.put(row);
      }
      return event.reload === true || event.checkpoints === undefined;
    case "checkpoint_restored":
    case "session_created":
    case "session_updated":
    case "session_deleted":
    case "operation_updated":
      break;
    default:
      // A newer server's event: nothing this page knows how to show.
      break;
  }
  return event.reload === true;
}
