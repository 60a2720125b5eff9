import type { Checkpoint, CheckpointSummary } from "@cairn/shared/checkpoint";
import { MapPin, Pin, TriangleAlert } from "lucide-react";
import { plural } from "../format.ts";
import { Badge } from "../ui/Badge.tsx";
import { Text } from "../ui/Text.tsx";
import { pathKey } from "./paths.ts";
import { skipWords } from "./skip-words.ts";

interface CheckpointBadgesProps {
  summary: CheckpointSummary;
  isHead: boolean;
  deleted: boolean;
}

/** What sets a checkpoint apart, each in a word. */
export function CheckpointBadges({ summary, isHead, deleted }: CheckpointBadgesProps) {
  const { pinned, partial, damaged, max_severity } = summary;
  if (!isHead && !deleted && !pinned && !partial && !damaged && max_severity !== "critical")
    return null;
  return (
    <div className="flex flex-wrap gap-1">
      {isHead && (
        <Badge tone="accent" title="The folder was last captured as or restored to this checkpoint">
          <MapPin size={12} aria-hidden="true" />
          you are here
        </Badge>
      )}
      {deleted && <Badge tone="bad">in the trash</Badge>}
      {pinned && (
        <Badge title="Kept by every compaction">
          <Pin size={12} aria-hidden="true" />
          pinned
        </Badge>
      )}
      {partial && (
        <Badge tone="warn" title="Some paths could not be read">
          <TriangleAlert size={12} aria-hidden="true" />
          partial
        </Badge>
      )}
      {damaged && (
        <Badge tone="bad" title="Stored content of this checkpoint is missing or broken">
          <TriangleAlert size={12} aria-hidden="true" />
          damaged
        </Badge>
      )}
      {max_severity === "critical" && <Badge tone="bad">critical note</Badge>}
    </div>
  );
}

/** More skipped paths than these are folded away. */
const shownAtOnce = 5;

/** Paths that a partial checkpoint does not hold, with why. */
export function SkippedPaths({ skipped }: { skipped: Checkpoint["skipped"] }) {
  return (
    <details open={skipped.length <= shownAtOnce} className="rounded-sm bg-warn-soft px-3 py-1.5">
      <summary className="text-warn">
        {plural(skipped.length, "path")} could not be read and {skipped.length === 1 ? "is" : "are"}{" "}
        not in this checkpoint
      </summary>
      <ul className="mt-1 grid gap-1">
        {skipped.map((path) => (
          <li key={pathKey(path)} className="wrap-anywhere">
            <span className="datum">
              <Text value={path.path} />
            </span>{" "}
            <span className="text-fg-2">
              <Text value={skipWords(path.reason)} />
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
