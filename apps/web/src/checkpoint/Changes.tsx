import type { Checkpoint } from "@cairn/shared/checkpoint";
import { useSearchParams } from "react-router";
import { plural } from "../format.ts";
import { Text } from "../ui/Text.tsx";
import { DiffView } from "./DiffView.tsx";

/** The files that a checkpoint changed against its parent, and the lines of one of them. */
export function Changes({ checkpoint }: { checkpoint: Checkpoint }) {
  const { session_id, checkpoint_id, parent_id, changed_files } = checkpoint;
  const [params, setParams] = useSearchParams();
  return (
    <DiffView
      session_id={session_id}
      from={parent_id}
      to={checkpoint_id}
      total={changed_files}
      wanted={params.get("f")}
      onWanted={(key) =>
        setParams(
          (before) => {
            const next = new URLSearchParams(before);
            next.set("f", key);
            return next;
          },
          { replace: true },
        )
      }
      same={parent_id === null ? "It holds no files." : "No file differs from its parent."}
      instead={(why) => (
        <PathsOnly paths={checkpoint.changed_paths} total={changed_files} why={why} />
      )}
    />
  );
}

const whys = {
  purged: "The parent was deleted for good, so there is nothing to compare with.",
  damaged: "Stored content of it or of its parent is damaged, so the lines cannot be compared.",
} as const;

interface PathsOnlyProps {
  paths: readonly string[];
  total: number;
  why: keyof typeof whys;
}

/** What is left to say when nothing can be compared: the names, without the lines. */
function PathsOnly({ paths, total, why }: PathsOnlyProps) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <p className="text-fg-2">
        {whys[why]} {plural(total, "file")} differed from the parent:
      </p>
      <ul className="scrolls max-h-72 rounded-sm border border-line bg-surface">
        {paths.map((path) => (
          <li
            key={path}
            className="datum border-b border-line px-2 py-1 wrap-anywhere last:border-b-0"
          >
            <Text value={path} />
          </li>
        ))}
      </ul>
    </div>
  );
}
