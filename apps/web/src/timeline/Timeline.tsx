import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { useLive, useLiveState } from "../state/live.ts";
import { classNames } from "../ui/class-names.ts";
import { ContextMenu } from "../ui/ContextMenu.tsx";
import type { MenuEntry } from "../ui/menu-entry.ts";
import { OlderRow } from "./OlderRow.tsx";
import { edgeBetween } from "./row-facts.ts";
import { TimelineCells } from "./TimelineRow.tsx";

const rowHeight = 36;
/** Older rows are asked for this many rows before the end comes into view. */
const ahead = 30;

export interface TimelineHandle {
  /** Scrolls to the newest row and follows. */
  toLiveEdge(): void;
  /** Scrolls a row into view, if it is loaded. */
  reveal(checkpoint_id: string): void;
  focus(): void;
}

interface Props {
  session_id: string;
  /** The row that keys act on. */
  active: string | null;
  /** The row whose details are shown. */
  selected: string | null;
  total: number;
  reason: string | null;
  menu: readonly MenuEntry[];
  onActivate: (checkpoint_id: string) => void;
  onSelect: (checkpoint_id: string) => void;
  onRestore: (checkpoint_id: string) => void;
  ref: Ref<TimelineHandle>;
}

const rowId = (checkpoint_id: string) => `row-${checkpoint_id}`;

/** The checkpoints of a session, newest first, as a grid that draws only what is in view. */
export function Timeline(props: Props) {
  const { session_id, active, selected, total, reason, onActivate, onSelect, onRestore } = props;
  const live = useLive(session_id);
  const { log } = live;
  const frozen = useLiveState(session_id, (state) => state.frozen);
  const head = useLiveState(session_id, (state) => state.head);
  const older = useLiveState(session_id, (state) => state.older);
  useLiveState(session_id, (state) => state.version);
  const scroller = useRef<HTMLDivElement>(null);

  const waiting = frozen === null ? 0 : log.countNewer(frozen.at);
  const rows = log.length - waiting;
  const activeAt = active === null ? -1 : log.indexOf(active) - waiting;
  // oxlint-disable-next-line react/incompatible-library -- the React Compiler is off
  const virtualizer = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: (index) => log.at(index + waiting)?.checkpoint_id ?? index,
    // The active row stays mounted out of view, or aria-activedescendant would name nothing.
    rangeExtractor: useCallback(
      (range: Range) => {
        const indexes = defaultRangeExtractor(range);
        if (activeAt < 0 || activeAt >= range.count || indexes.includes(activeAt)) return indexes;
        return [...indexes, activeAt].toSorted((a, b) => a - b);
      },
      [activeAt],
    ),
  });
  const items = virtualizer.getVirtualItems();
  const lastInView = virtualizer.range?.endIndex ?? 0;

  useEffect(() => {
    if (older === "some" && lastInView > rows - ahead) void live.loadOlder();
  }, [live, older, lastInView, rows]);

  useImperativeHandle(props.ref, () => ({
    toLiveEdge: () => {
      live.follow();
      scroller.current?.scrollTo({ top: 0 });
    },
    reveal: (checkpoint_id) => {
      const at = log.indexOf(checkpoint_id) - waiting;
      if (at >= 0) virtualizer.scrollToIndex(at, { align: "auto" });
    },
    focus: () => scroller.current?.focus({ preventScroll: true }),
  }));

  const onScroll = () => {
    const top = scroller.current?.scrollTop ?? 0;
    if (top > rowHeight / 2) live.freeze("scroll");
    else if (top <= 0 && live.store.getState().frozen?.by === "scroll") live.follow();
  };

  const idAt = (target: EventTarget): string | null =>
    target instanceof Element
      ? (target.closest<HTMLElement>("[data-checkpoint]")?.dataset["checkpoint"] ?? null)
      : null;

  const grid = (
    // Keys come from the commands, which listen on the window.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      ref={scroller}
      role="grid"
      aria-label="Checkpoints, newest first"
      aria-rowcount={Math.max(total, log.length)}
      aria-activedescendant={active !== null && activeAt >= 0 ? rowId(active) : undefined}
      tabIndex={0}
      className="timeline scrolls @container relative min-h-0 flex-1 focus-visible:outline-offset-[-2px]"
      onScroll={onScroll}
      onClick={(event) => {
        const id = idAt(event.target);
        if (id !== null) onSelect(id);
      }}
      onContextMenu={(event) => {
        const id = idAt(event.target);
        if (id !== null) onActivate(id);
      }}
    >
      <div role="rowgroup" className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const at = item.index + waiting;
          const row = log.at(at);
          if (row === undefined) return null;
          const { checkpoint_id } = row;
          return (
            <div
              key={item.key}
              id={rowId(checkpoint_id)}
              role="row"
              aria-rowindex={at + 1}
              aria-selected={checkpoint_id === selected}
              data-checkpoint={checkpoint_id}
              data-active={checkpoint_id === active || undefined}
              className={classNames(
                "timeline-row absolute inset-x-0 top-0 flex h-9 items-center gap-2 border-b border-line pr-3",
                checkpoint_id === selected && "is-selected",
              )}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <TimelineCells
                row={row}
                head={checkpoint_id === head}
                above={edgeBetween(at === 0 ? undefined : log.at(at - 1), row, false)}
                below={edgeBetween(row, log.at(at + 1), older !== "none")}
                reason={reason}
                onRestore={onRestore}
              />
            </div>
          );
        })}
      </div>
    </div>
  );

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <ContextMenu entries={props.menu}>{grid}</ContextMenu>
      <OlderRow live={live} />
    </div>
  );
}
