import type { Gap } from "@cairn/shared/client";
import type { EventType, LiveEvent } from "@cairn/shared/events";

export type FeedRow =
  | { kind: "event"; event: LiveEvent }
  | { kind: "gap"; after: number; before: number }
  | { kind: "missing"; from: number; to: number };

/** Events of a gap in words: `event 7`, or `events 7 to 9`. */
export function eventsWords({ from, to }: Gap): string {
  return from === to ? `event ${from}` : `events ${from} to ${to}`;
}

/**
 * Events newest first, of the wanted type, with a row wherever the log has events that are not
 * here, and one on top for those that are just asked for again.
 */
export function feedRows(
  events: readonly LiveEvent[],
  type: EventType | null,
  missing: Gap | null = null,
): FeedRow[] {
  const rows: FeedRow[] = [];
  let below: LiveEvent | undefined;
  for (const event of events) {
    if (below !== undefined && below.epoch === event.epoch && event.prev > below.seq) {
      rows.push({ kind: "gap", after: below.seq, before: event.seq });
    }
    below = event;
    if (type === null || event.event_type === type) rows.push({ kind: "event", event });
  }
  if (missing !== null) rows.push({ kind: "missing", ...missing });
  return rows.toReversed();
}
