import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import type { Session } from "@cairn/shared/session";
import { useCallback, useState } from "react";
import { listTrash, purgeCheckpoint, purgeSession, undelete, undeleteSession } from "../actions.ts";
import { usePages } from "../checkpoint/use-pages.ts";
import { plural } from "../format.ts";
import { checkpointName } from "../operations/operation-words.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { EmptyTrash } from "./EmptyTrash.tsx";
import { TrashEntry } from "./TrashEntry.tsx";

interface TrashDialogProps {
  /** Without it, deleted sessions are listed too. */
  session_id?: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What was deleted and can still come back. */
export function TrashDialog(props: TrashDialogProps) {
  return props.open ? <OpenTrash {...props} /> : null;
}

type Entry = { checkpoint: CheckpointSummary } | { session: Session };

function keyOf(entry: Entry): string {
  return "session" in entry ? entry.session.session_id : entry.checkpoint.checkpoint_id;
}

function OpenTrash({ session_id, open, onOpenChange }: TrashDialogProps) {
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const load = useCallback(
    async (cursor: string | undefined) => {
      const { checkpoints, sessions, next_cursor } = await listTrash({
        ...(session_id === undefined ? {} : { session_id }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      const items: Entry[] = [
        ...sessions.map((session) => ({ session })),
        ...checkpoints.map((checkpoint) => ({ checkpoint })),
      ];
      return { items, next_cursor };
    },
    [session_id],
  );
  const pages = usePages<Entry>(load);
  const entries = pages.items.filter((entry) => !gone.has(keyOf(entry)));
  const leave = (id: string): void => setGone((before) => new Set(before).add(id));

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Trash"
      description="What was deleted stays here for seven days. Files of the folder are not touched."
      footer={<Button onClick={() => onOpenChange(false)}>Close</Button>}
    >
      {pages.loading === "first" && <Spinner label="Loading the trash…" />}
      {pages.loading !== "first" && entries.length === 0 && pages.error === null && (
        <EmptyState title="The trash is empty">
          {session_id === undefined
            ? "Deleted checkpoints and sessions come here first."
            : "Deleted checkpoints of this session come here first."}
        </EmptyState>
      )}
      <EmptyTrash session_id={session_id} many={entries.length > 1} onGone={leave} />
      <ul className="grid grid-cols-[minmax(0,1fr)] gap-2">
        {entries.map((entry) =>
          "session" in entry ? (
            <TrashEntry
              key={keyOf(entry)}
              kind="Session"
              name={entry.session.name}
              detail={plural(entry.session.checkpoints, "checkpoint")}
              deleted_at={entry.session.deleted_at}
              effect={`The session “${entry.session.name}” and its ${plural(entry.session.checkpoints, "checkpoint")} will be gone. Nothing brings them back.`}
              onUndelete={() => undeleteSession(entry.session.session_id)}
              onPurge={() => purgeSession(entry.session.session_id)}
              onGone={() => leave(keyOf(entry))}
            />
          ) : (
            <TrashEntry
              key={keyOf(entry)}
              kind={`#${entry.checkpoint.sequence_number}`}
              name={checkpointName(entry.checkpoint.message, entry.checkpoint.checkpoint_id)}
              detail={plural(entry.checkpoint.files, "file")}
              deleted_at={entry.checkpoint.deleted_at}
              effect={`This checkpoint of ${plural(entry.checkpoint.files, "file")} will be gone. Nothing brings it back.`}
              onUndelete={() =>
                undelete(entry.checkpoint.session_id, entry.checkpoint.checkpoint_id)
              }
              onPurge={() =>
                purgeCheckpoint(entry.checkpoint.session_id, entry.checkpoint.checkpoint_id)
              }
              onGone={() => leave(keyOf(entry))}
            />
          ),
        )}
      </ul>
      {pages.error !== null && (
        <ErrorNote
          title="The trash could not be loaded"
          error={pages.error}
          onRetry={pages.retry}
        />
      )}
      {pages.hasMore && pages.error === null && (
        <div className="mt-2">
          <Button busy={pages.loading === "more"} onClick={pages.loadMore}>
            Show more
          </Button>
        </div>
      )}
    </Dialog>
  );
}
