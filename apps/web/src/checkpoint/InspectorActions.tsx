import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { Link as LinkIcon, Pin, PinOff, RotateCcw, Trash2, Undo2 } from "lucide-react";
import { useState } from "react";
import { deleteCheckpoint, setPinned, undelete } from "../actions.ts";
import { commands } from "../commands.ts";
import { checkpointName } from "../operations/operation-words.ts";
import { noteUndo } from "../operations/undo-request.ts";
import { origin } from "../server.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { copyText } from "../ui/copy.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { later } from "../ui/later.ts";
import { LaterDialog } from "../ui/LaterDialog.tsx";

const RestoreDialog = later(() =>
  import("../restore/RestoreDialog.tsx").then((module) => ({ default: module.RestoreDialog })),
);

type Verb = "pin" | "delete" | "undelete";

const failures = {
  pin: "The pin was not changed",
  delete: "The checkpoint was not deleted",
  undelete: "The checkpoint could not be taken out of the trash",
} as const satisfies Record<Verb, string>;

interface InspectorActionsProps {
  session_id: string;
  checkpoint_id: string;
  /** Null when nothing but its id is known of a deleted checkpoint. */
  summary: CheckpointSummary | null;
  deleted: boolean;
  /** Why nothing can be changed now. */
  reason: string | null;
}

/** What can be done with one checkpoint. */
export function InspectorActions(props: InspectorActionsProps) {
  const { session_id, checkpoint_id, summary, deleted, reason } = props;
  const [busy, setBusy] = useState<Verb | null>(null);
  const [failed, setFailed] = useState<{ verb: Verb; error: unknown } | null>(null);
  const [restoring, setRestoring] = useState(false);
  const pinned = summary?.pinned ?? false;

  const run = async (verb: Verb): Promise<void> => {
    setBusy(verb);
    setFailed(null);
    try {
      if (verb === "pin") await setPinned(session_id, checkpoint_id, !pinned);
      else if (verb === "undelete") await undelete(session_id, checkpoint_id);
      else {
        const { operation_id } = await deleteCheckpoint(session_id, checkpoint_id);
        const name = checkpointName(summary?.message, checkpoint_id);
        noteUndo(`${name} is in the trash`, session_id, operation_id);
      }
    } catch (error) {
      setFailed({ verb, error });
    } finally {
      setBusy(null);
    }
  };
  const link = `${origin}/s/${session_id}?c=${checkpoint_id}`;

  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <div className="flex flex-wrap items-center gap-1.5">
        {deleted ? (
          <Button
            icon={<Undo2 size={14} aria-hidden="true" />}
            busy={busy === "undelete"}
            reason={reason}
            onClick={() => void run("undelete")}
          >
            Undelete
          </Button>
        ) : (
          <>
            <Button
              tone="primary"
              icon={<RotateCcw size={14} aria-hidden="true" />}
              keys={commands.restore.keys}
              reason={reason}
              onClick={() => setRestoring(true)}
            >
              Restore…
            </Button>
            <Button
              icon={
                pinned ? (
                  <PinOff size={14} aria-hidden="true" />
                ) : (
                  <Pin size={14} aria-hidden="true" />
                )
              }
              keys={commands.pin.keys}
              aria-pressed={pinned}
              busy={busy === "pin"}
              reason={reason}
              onClick={() => void run("pin")}
            >
              {pinned ? "Unpin" : "Pin"}
            </Button>
            <Button
              icon={<Trash2 size={14} aria-hidden="true" />}
              keys={commands.delete.keys}
              busy={busy === "delete"}
              reason={reason}
              onClick={() => void run("delete")}
            >
              Delete
            </Button>
          </>
        )}
        <IconButton
          label={commands.copy_link.title}
          keys={commands.copy_link.keys}
          onClick={() => void copyText(link, "Link")}
        >
          <LinkIcon size={16} aria-hidden="true" />
        </IconButton>
      </div>
      {failed !== null && (
        <ErrorNote
          title={failures[failed.verb]}
          error={failed.error}
          onRetry={() => void run(failed.verb)}
        />
      )}
      {restoring && (
        <LaterDialog onClose={() => setRestoring(false)}>
          <RestoreDialog
            session_id={session_id}
            checkpoint_id={checkpoint_id}
            open={restoring}
            onOpenChange={setRestoring}
          />
        </LaterDialog>
      )}
    </div>
  );
}
