import type { LiveEvent } from "@cairn/shared/events";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useRef } from "react";
import { formatClockSeconds, formatCount, formatTime, shortId } from "../format.ts";
import { Text } from "../ui/Text.tsx";
import { eventsWords, type FeedRow } from "./feed-rows.ts";

const rowHeight = 20;

const EventCells = memo(function EventCells({ event }: { event: LiveEvent }) {
  const about = "checkpoint_id" in event.data ? event.data.checkpoint_id : null;
  return (
    <>
      <span className="w-12 shrink-0 text-right text-fg-3">{event.seq}</span>
      <span className="shrink-0 text-fg-2" title={formatTime(event.data.timestamp)}>
        {formatClockSeconds(event.data.timestamp)}
      </span>
      <span className="shrink-0 text-accent">{event.event_type}</span>
      <span className="min-w-0 truncate text-fg-2">
        {about !== null && <span title={about}>{shortId(about)} </span>}
        {event.event_type === "checkpoints_compacted" &&
          `${formatCount(event.data.remaining)} remain `}
        {event.checkpoint !== undefined && (
          <Text value={event.checkpoint.message.split("\n", 1)[0] ?? ""} />
        )}
        {event.operation_id !== undefined && (
          <span className="text-fg-3" title={event.operation_id}>
            {" "}
            op {shortId(event.operation_id)}
          </span>
        )}
      </span>
    </>
  );
});

function keyOf(row: FeedRow | undefined, index: number): string | number {
  if (row === undefined) return index;
  if (row.kind === "missing") return "missing";
  return row.kind === "gap" ? `gap ${row.before}` : `${row.event.epoch} ${row.event.seq}`;
}

function gapWords(row: Exclude<FeedRow, { kind: "event" }>): string {
  return row.kind === "missing"
    ? `gap: ${eventsWords(row)} did not come; asking for ${row.from === row.to ? "it" : "them"} again`
    : `gap: events between ${row.after} and ${row.before} are not here; the timeline was loaded again`;
}

/** The rows of the feed; only those in view are drawn. */
export function FeedList({ rows }: { rows: readonly FeedRow[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- the React Compiler is off
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    getItemKey: (index) => keyOf(rows[index], index),
  });
  return (
    <div
      ref={scroller}
      role="log"
      aria-live="off"
      aria-label="Events, newest first"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
      tabIndex={0}
      className="scrolls h-36 py-1 -outline-offset-2"
    >
      {rows.length === 0 && <p className="px-3 text-fg-3">No events to show.</p>}
      <ol className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <li
              key={item.key}
              className={
                row.kind === "event"
                  ? "datum absolute inset-x-0 top-0 flex h-5 items-center gap-3 px-3"
                  : "datum absolute inset-x-0 top-0 h-5 truncate border-t border-bad px-3 pt-0.5 text-bad"
              }
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {row.kind === "event" ? <EventCells event={row.event} /> : gapWords(row)}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
