import { eventTypes, type EventType, type LiveEvent } from "@cairn/shared/events";
import { ChevronDown, ChevronUp, Pause, Play } from "lucide-react";
import { useMemo, useState, useSyncExternalStore } from "react";
import { useLive, useLiveState } from "../state/live.ts";
import { Button } from "../ui/Button.tsx";
import { useKept } from "../ui/use-kept.ts";
import { FeedList } from "./FeedList.tsx";
import { feedRows, eventsWords } from "./feed-rows.ts";

/** The raw events of a session as they come: what the server said, for those who want to see it. */
export function Feed({ session_id }: { session_id: string }) {
  const { feed } = useLive(session_id);
  const events = useSyncExternalStore(feed.subscribe, feed.snapshot);
  const catchingUp = useLiveState(session_id, (state) => state.catchingUp);
  const gap = useLiveState(session_id, (state) => state.gap);
  const [open, setOpen] = useKept("cairn.feed", "closed");
  const [paused, setPaused] = useState<readonly LiveEvent[] | null>(null);
  const [type, setType] = useState<EventType | null>(null);
  const shown = paused ?? events;
  const last = events.at(-1);
  const isOpen = open === "open";
  const rows = useMemo(
    () => (isOpen ? feedRows(shown, type, gap) : []),
    [isOpen, shown, type, gap],
  );
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
          // The pill above says it too, and there is no room twice.
          <span className="datum text-warn max-sm:hidden">
            catching up {catchingUp.done} of {catchingUp.total}
          </span>
        )}
        {gap !== null && !isOpen && (
          <span className="datum text-bad">
            {eventsWords(gap)} {gap.from === gap.to ? "is" : "are"} missing
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
              className="datum h-7 rounded-sm border border-line-strong bg-surface px-1 max-sm:w-28"
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
              <span className="max-sm:sr-only">{paused === null ? "Pause" : "Paused"}</span>
            </Button>
          </>
        )}
      </div>
      {isOpen && <FeedList rows={rows} />}
    </section>
  );
}
