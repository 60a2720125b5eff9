import type { EventType, LiveEvent } from "@cairn/shared/events";

export type FeedRow =
  | { kind: "event"; event: LiveEvent }
  | { kind: "gap"; after: number; before: number };

/** Events newest first, of the wanted type, with a row wherever the log has events that are not here. */
export function feedRows(events: readonly LiveEvent[], type: EventType | null): FeedRow[] {
  const rows: FeedRow[] = [];
  let below: LiveEvent | undefined;
  for (const event of events) {
    if (below !== undefined && below.epoch === event.epoch && event.prev > below.seq) {
      rows.push({ kind: "gap", after: below.seq, before: event.seq });
    }
    below = event;
    if (type === null || event.event_type === type) rows.push({ kind: "event", event });
  }
  return rows.toReversed();
}
