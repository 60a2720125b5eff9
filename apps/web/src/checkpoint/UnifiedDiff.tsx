import type { DiffHunk } from "@cairn/shared/files";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronUp } from "lucide-react";
import { useMemo, useState } from "react";
import { commands, useCommand } from "../commands.ts";
import { formatCount, plural } from "../format.ts";
import { IconButton } from "../ui/Button.tsx";
import { classNames } from "../ui/class-names.ts";
import { columns, diffRows, type DiffRow } from "./diff-rows.ts";
import { DiffRowView, gutterColumns, rowHeight } from "./DiffRowView.tsx";
import { useCutOff } from "./use-cut-off.ts";

/** Rows from which only those in view are drawn. */
const virtualizeFrom = 500;

interface UnifiedDiffProps {
  /** What is compared, for the region's name. */
  label: string;
  hunks: readonly DiffHunk[];
  /** At most a third of the screen high. */
  low?: boolean;
}

/** A unified diff with line numbers of both sides; `[` and `]` walk its hunks. */
export function UnifiedDiff({ label, hunks, low = false }: UnifiedDiffProps) {
  // State, not a ref: the rows inside need the element as soon as it is there.
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const [current, setCurrent] = useState(0);
  const rows = useMemo(() => diffRows(hunks), [hunks]);
  const layout = useMemo(() => measure(rows), [rows]);
  const cutOff = useCutOff(scroller, layout);

  const goTo = (index: number): void => {
    const to = Math.min(Math.max(index, 0), hunks.length - 1);
    const row = rows.findIndex((each) => each.kind === "hunk" && each.index === to);
    if (row < 0 || scroller === null) return;
    setCurrent(to);
    scroller.scrollTo({ top: row * rowHeight });
    scroller.scrollIntoView({ block: "nearest" });
  };
  useCommand("previous_hunk", () => goTo(current - 1));
  useCommand("next_hunk", () => goTo(current + 1));

  return (
    <div className="overflow-hidden rounded-sm border border-line bg-surface">
      {hunks.length > 1 && (
        <div className="flex items-center gap-1 border-b border-line px-2 py-0.5 text-fg-2">
          <span className="datum flex-1" aria-live="polite">
            hunk {formatCount(current + 1)} of {formatCount(hunks.length)}
          </span>
          <IconButton
            label="Previous hunk"
            keys={commands.previous_hunk.keys}
            reason={current === 0 ? "This is the first hunk" : null}
            onClick={() => goTo(current - 1)}
          >
            <ChevronUp size={16} aria-hidden="true" />
          </IconButton>
          <IconButton
            label="Next hunk"
            keys={commands.next_hunk.keys}
            reason={current === hunks.length - 1 ? "This is the last hunk" : null}
            onClick={() => goTo(current + 1)}
          >
            <ChevronDown size={16} aria-hidden="true" />
          </IconButton>
        </div>
      )}
      <div className="relative">
        <div
          ref={setScroller}
          role="region"
          aria-label={`${label}: ${plural(hunks.length, "hunk")}`}
          // A region that scrolls must be reachable by keyboard.
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          className={classNames(
            "scrolls relative -outline-offset-2",
            low ? "max-h-[32vh]" : "max-h-[70vh]",
          )}
        >
          {rows.length >= virtualizeFrom ? (
            <VirtualRows rows={rows} layout={layout} current={current} scroller={scroller} />
          ) : (
            <div className="min-w-full" style={{ width: layout.width }}>
              {rows.map((row, index) => (
                // oxlint-disable-next-line react/no-array-index-key -- the rows of one diff never move
                <DiffRowView key={index} row={row} digits={layout.digits} current={current} />
              ))}
            </div>
          )}
        </div>
        {cutOff !== null && (
          <div aria-hidden="true" data-cut-off className="fades-out" style={{ right: cutOff }} />
        )}
      </div>
    </div>
  );
}

interface Layout {
  digits: number;
  /** CSS width that holds the longest line. */
  width: string;
}

function measure(rows: readonly DiffRow[]): Layout {
  let last = 0;
  let widest = 0;
  for (const row of rows) {
    if (row.kind === "hunk" || row.kind === "note") continue;
    last = Math.max(last, row.old ?? 0, row.new ?? 0);
    widest = Math.max(widest, columns(row.text));
  }
  const digits = Math.max(2, String(last).length);
  return { digits, width: `calc(${gutterColumns(digits) + widest}ch + 2.5rem)` };
}

interface VirtualRowsProps {
  rows: readonly DiffRow[];
  layout: Layout;
  current: number;
  scroller: HTMLElement | null;
}

function VirtualRows({ rows, layout, current, scroller }: VirtualRowsProps) {
  // oxlint-disable-next-line react/incompatible-library -- the React Compiler is off
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller,
    estimateSize: () => rowHeight,
    overscan: 20,
  });
  return (
    <div
      className="relative min-w-full"
      style={{ width: layout.width, height: virtualizer.getTotalSize() }}
    >
      {virtualizer.getVirtualItems().map((item) => {
        const row = rows[item.index];
        return row === undefined ? null : (
          <div
            key={item.key}
            className="absolute inset-x-0 top-0"
            style={{ transform: `translateY(${item.start}px)` }}
          >
            <DiffRowView row={row} digits={layout.digits} current={current} />
          </div>
        );
      })}
    </div>
  );
}
