import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { OctagonAlert, Pin, RotateCcw, TriangleAlert } from "lucide-react";
import { memo } from "react";
import { formatClock, formatCount, formatTime, plural } from "../format.ts";
import { Badge } from "../ui/Badge.tsx";
import { Button } from "../ui/Button.tsx";
import { classNames } from "../ui/class-names.ts";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Text } from "../ui/Text.tsx";
import { visibleString } from "../ui/visible.ts";
import { NodeColumn } from "./NodeColumn.tsx";
import { nodeShape, triggerWords, type Edge } from "./row-facts.ts";

interface Props {
  row: CheckpointSummary;
  head: boolean;
  above: Edge;
  below: Edge;
  /** Why it cannot be restored now. */
  reason: string | null;
  onRestore: (checkpoint_id: string) => void;
}

const shownTags = 2;

function Exceptions({ row, head }: { row: CheckpointSummary; head: boolean }) {
  return (
    <>
      {head && (
        <Badge
          tone="accent"
          title="The folder was last captured as, or restored to, this checkpoint"
        >
          <span className="@max-md:hidden">you are</span> here
        </Badge>
      )}
      {row.damaged && (
        <Badge tone="bad" title="Some of its content cannot be read back">
          damaged
        </Badge>
      )}
      {row.partial && (
        <Badge tone="warn" title="Some paths could not be read when it was taken">
          partial
        </Badge>
      )}
      {nodeShape(row) === "safety" && (
        <Badge title="Taken by Cairn before a restore changed the folder">safety</Badge>
      )}
      <NoteMark severity={row.max_severity} />
      {row.pinned && (
        <span title="Pinned: compaction keeps it" className="inline-flex shrink-0 text-accent">
          <Pin size={13} aria-hidden="true" fill="currentColor" />
          <span className="sr-only">pinned</span>
        </span>
      )}
    </>
  );
}

/** That someone wrote a note which is no mere remark. */
function NoteMark({ severity }: { severity: CheckpointSummary["max_severity"] }) {
  if (severity !== "warning" && severity !== "critical") return null;
  const critical = severity === "critical";
  const Icon = critical ? OctagonAlert : TriangleAlert;
  return (
    <span
      title={`It has a note: ${severity}`}
      className={classNames("inline-flex shrink-0", critical ? "text-bad" : "text-warn")}
    >
      <Icon size={13} aria-hidden="true" />
      <span className="sr-only">{severity} note</span>
    </span>
  );
}

function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  const rest = tags.slice(shownTags);
  return (
    <span className="inline-flex min-w-0 shrink-[4] items-center gap-1 overflow-hidden @max-lg:hidden">
      {tags.slice(0, shownTags).map((tag) => (
        <Badge key={tag} shrinks title={visibleString(tag)}>
          <span className="truncate">
            <Text value={tag} />
          </span>
        </Badge>
      ))}
      {rest.length > 0 && (
        <span className="datum shrink-0 text-fg-3" title={visibleString(rest.join(", "))}>
          +{rest.length}
        </span>
      )}
    </span>
  );
}

function Lines({ row }: { row: CheckpointSummary }) {
  const { added, removed } = row;
  if (row.changed_files === 0) return <span className="text-fg-3">unchanged</span>;
  if (added === null || removed === null) {
    return (
      <span className="text-fg-3" title="Too much to count lines">
        –
      </span>
    );
  }
  return (
    <>
      <span className={added === 0 ? "text-fg-3" : "text-good"}>+{formatCount(added)}</span>{" "}
      <span className={removed === 0 ? "text-fg-3" : "text-bad"}>−{formatCount(removed)}</span>
    </>
  );
}

/** The cells of one checkpoint's row; the row itself is the timeline's. */
export const TimelineCells = memo(function TimelineCells(props: Props) {
  const { row, head, above, below, reason, onRestore } = props;
  const words = triggerWords(row);
  return (
    <>
      <span role="gridcell" title={words} className="shrink-0">
        <NodeColumn shape={nodeShape(row)} head={head} above={above} below={below} />
        <span className="sr-only">{words}</span>
      </span>
      <span role="gridcell" className="flex min-w-0 flex-1 items-center gap-2">
        <span
          className={row.message === "" ? "truncate text-fg-3" : "truncate"}
          title={row.message === "" ? undefined : visibleString(row.message)}
        >
          {row.message === "" ? words : <Text value={row.message.split("\n", 1)[0] ?? ""} />}
        </span>
        <Exceptions row={row} head={head} />
        <Tags tags={row.tags} />
      </span>
      {row.tree !== null && (
        <>
          <span
            role="gridcell"
            className="datum w-24 shrink-0 text-right whitespace-nowrap @max-lg:hidden"
          >
            <Lines row={row} />
          </span>
          <span
            role="gridcell"
            className="datum w-9 shrink-0 text-right whitespace-nowrap text-fg-2 @max-xl:hidden"
            title={`${plural(row.changed_files, "changed file")} of ${formatCount(row.files)}`}
          >
            {row.changed_files > 0 && `${formatCount(row.changed_files)}f`}
          </span>
        </>
      )}
      <span
        role="gridcell"
        className="datum w-11 shrink-0 text-right whitespace-nowrap text-fg-2 @max-md:hidden"
        title={formatTime(row.created_at)}
      >
        {formatClock(row.created_at)}
      </span>
      <span role="gridcell" className="datum w-8 shrink-0 text-right whitespace-nowrap text-fg-3">
        <RelativeTime time={row.created_at} />
      </span>
      {/* Over time and age: there nobody clicks who wants the details, and nothing moves. */}
      <span role="gridcell" className="row-action">
        <Button
          className="h-6"
          icon={<RotateCcw size={13} aria-hidden="true" />}
          reason={reason}
          onClick={(event) => {
            event.stopPropagation();
            onRestore(row.checkpoint_id);
          }}
        >
          Restore
        </Button>
      </span>
    </>
  );
});
