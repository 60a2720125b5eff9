import type { Checkpoint } from "@cairn/shared/checkpoint";
import { useSearchParams } from "react-router";
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
      names={{ paths: checkpoint.changed_paths, total: changed_files }}
    />
  );
}
