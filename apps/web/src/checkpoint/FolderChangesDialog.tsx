import type { Session } from "@cairn/shared/session";
import { Camera, RefreshCw } from "lucide-react";
import { useState } from "react";
import { commands } from "../commands.ts";
import { plural } from "../format.ts";
import { useNames } from "../operations/use-names.ts";
import { useHead } from "../state/live.ts";
import { useLiveFacts } from "../state/live-facts.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Text } from "../ui/Text.tsx";
import { DiffView } from "./DiffView.tsx";
import { useChangeReason } from "./use-change-reason.ts";

interface Props {
  session: Session;
  onCheckpoint: () => void;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What changed in the folder since the checkpoint that it was last captured as or restored to. */
export function FolderChangesDialog({ session, onCheckpoint, open, onOpenChange }: Props) {
  const { session_id } = session;
  const head = useHead(session_id);
  const name = useNames(session_id, [head]);
  const reason = useChangeReason(session_id);
  const { dirty_files = null } = useLiveFacts(session_id);
  const [wanted, setWanted] = useState<string | null>(null);
  // What was compared: when the folder moves on, it says so rather than changing under the eyes.
  const [looked, setLooked] = useState({ times: 0, dirty: dirty_files });
  const moved = dirty_files !== null && dirty_files !== looked.dirty;
  const again = () => setLooked(({ times }) => ({ times: times + 1, dirty: dirty_files }));
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      shape="wide"
      title="What changed in the folder"
      description={
        head === null ? (
          "There is no checkpoint yet: everything is new."
        ) : (
          <>
            Since <Text value={name(head)} />
            {dirty_files !== null && `: ${plural(dirty_files, "file")}`}
          </>
        )
      }
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Close</Button>
          <Button
            tone="primary"
            icon={<Camera size={14} aria-hidden="true" />}
            keys={commands.create.keys}
            reason={reason}
            onClick={onCheckpoint}
          >
            Checkpoint…
          </Button>
        </>
      }
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
        {moved && (
          <div
            role="status"
            className="flex flex-wrap items-center gap-2 rounded-sm bg-warn-soft px-3 py-1.5 text-warn"
          >
            <span className="min-w-0 flex-1">The folder has changed since you looked.</span>
            <Button icon={<RefreshCw size={14} aria-hidden="true" />} onClick={again}>
              Look again
            </Button>
          </div>
        )}
        <DiffView
          key={`${head} ${looked.times}`}
          session_id={session_id}
          from={head}
          to="workspace"
          total={dirty_files ?? 0}
          wanted={wanted}
          onWanted={setWanted}
          same="The folder is exactly as at that checkpoint."
        />
      </div>
    </Dialog>
  );
}
