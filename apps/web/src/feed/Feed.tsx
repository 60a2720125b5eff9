import { eventTypes, type EventType, type LiveEvent } from "@cairn/shared/events";
import { ChevronDown, ChevronUp, Pause, Play } from "lucide-react";
import { memo, useState, useSyncExternalStore } from "react";
import { formatClockSeconds, formatCount, formatTime, shortId } from "../format.ts";
import { useLive, useLiveState } from "../state/live.ts";
import { Button } from "../ui/Button.tsx";
import { Text } from "../ui/Text.tsx";
import { feedRows, type FeedRow } from "./feed-rows.ts";
import { useKept } from "./use-kept.ts";

const EventRow = memo(function EventRow({ event }: { event: LiveEvent }) {
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
        {event.operation_id !== undefined && (
          <span title={event.operation_id}>op {shortId(event.operation_id)} </span>
        )}
        {event.event_type === "checkpoints_compacted" &&
          `${formatCount(event.data.remaining)} remain `}
        {event.checkpoint !== undefined && (
          <Text value={event.checkpoint.message.split("\n", 1)[0] ?? ""} />
        )}
      </span>
    </>
  );
});

function Row({ row }: { row: FeedRow }) {
  if (row.kind === "event") {
    return (
      <li className="datum flex h-5 items-center gap-3 px-3">
        <EventRow event={row.event} />
      </li>
    );
  }
  return (
    <li className="datum flex items-center gap-2 border-t border-bad px-3 text-bad">
      gap: events between {row.after} and {row.before} are not here; the timeline was loaded again
    </li>
  );
}

function FeedList({ rows }: { rows: readonly FeedRow[] }) {
  return (
    <ul
      aria-label="Events, newest first"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
      tabIndex={0}
      className="scrolls h-36 py-1 -outline-offset-2"
    >
      {rows.map((row) => (
        <Row
          key={row.kind === "gap" ? `gap ${row.before}` : `${row.event.epoch} ${row.event.seq}`}
          row={row}
        />
      ))}
      {rows.length === 0 && <li className="px-3 text-fg-3">No events yet.</li>}
    </ul>
  );
}

/** The raw events of a session as they come: what the server said, for those who want to see it. */
export function Feed({ session_id }: { session_id: string }) {
  const { feed } = useLive(session_id);
  const events = useSyncExternalStore(feed.subscribe, feed.snapshot);
  const catchingUp = useLiveState(session_id, (state) => state.catchingUp);
  const [open, setOpen] = useKept("cairn.feed", "closed");
  const [paused, setPaused] = useState<readonly LiveEvent[] | null>(null);
  const [type, setType] = useState<EventType | null>(null);
  const shown = paused ?? events;
  const last = events.at(-1);
  const isOpen = open === "open";
  return (
    <section aria-label="Events" className="shrink-0 border-t border-line bg-sunken">
      <div className="flex min-h-8 flex-wrap items-center gap-2 px-3 py-0.5">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(isOpen ? "closed" : "open")}
          className="inline-flex h-7 items-center gap-1.5 rounded-sm font-medium text-fg-2 hover:text-fg"
        >
          {isOpen ? (
            <ChevronDown size={14} aria-hidden="true" />
          ) : (
            <ChevronUp size={14} aria-hidden="true" />
          )}
          Events
        </button>
        {last !== undefined && (
          <span className="datum min-w-0 truncate text-fg-3">
            {isOpen ? `latest ${last.seq}` : `${last.seq} ${last.event_type}`}
          </span>
        )}
        {catchingUp !== null && (
          <span className="datum text-warn">
            catching up {catchingUp.done} of {catchingUp.total}
          </span>
        )}
        <span className="flex-1" />
        {isOpen && (
          <>
            <select
              aria-label="Event type"
              value={type ?? ""}
              onChange={(event) =>
                setType(eventTypes.find((each) => each === event.target.value) ?? null)
              }
              className="datum h-7 rounded-sm border border-line-strong bg-surface px-1"
            >
              <option value="">all types</option>
              {eventTypes.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
            <Button
              tone="ghost"
              aria-pressed={paused !== null}
              onClick={() => setPaused(paused === null ? events : null)}
              icon={
                paused === null ? (
                  <Pause size={13} aria-hidden="true" />
                ) : (
                  <Play size={13} aria-hidden="true" />
                )
              }
            >
              {paused === null ? "Pause" : "Paused"}
            </Button>
          </>
        )}
      </div>
      {isOpen && <FeedList rows={feedRows(shown, type)} />}
    </section>
  );
}
