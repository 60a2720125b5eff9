import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import type { Session } from "@cairn/shared/session";
import { caps } from "@cairn/shared/session";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { flushSync } from "react-dom";
import { cancel, createCheckpoint, newId, scanWorkspace } from "../actions.ts";
import { formatBytes, plural, shortId } from "../format.ts";
import { ProgressBar } from "../restore/ProgressBar.tsx";
import { isCancelled, useLongCall } from "../state/use-long-call.ts";
import { WaysOut } from "../store/WaysOut.tsx";
import { Button } from "../ui/Button.tsx";
import { CancelButton } from "../ui/CancelButton.tsx";
import { Cancelled } from "../ui/Cancelled.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Field, TextArea } from "../ui/Field.tsx";
import { Text } from "../ui/Text.tsx";
import { toast } from "../ui/toast.ts";
import { useChangeReason } from "./use-change-reason.ts";
import { TagEditor } from "./TagEditor.tsx";

interface CreateCheckpointDialogProps {
  session: Session;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Captures the session's folder now, with a message and tags. */
export function CreateCheckpointDialog(props: CreateCheckpointDialogProps) {
  return props.open ? <OpenDialog {...props} /> : null;
}

function OpenDialog({ session, open, onOpenChange }: CreateCheckpointDialogProps) {
  const { session_id } = session;
  const blocked = useChangeReason(session_id);
  const field = useRef<HTMLTextAreaElement>(null);
  const [message, setMessage] = useState("");
  const [tags, setTags] = useState<string[]>([]);
  const newestTags = useRef(tags);
  const call = useLongCall();
  const [error, setError] = useState<unknown>(null);
  const [cancelled, setCancelled] = useState(false);
  const busy = call.operation_id !== null;
  const over = new TextEncoder().encode(message).length - caps.message_bytes;
  const reason = blocked ?? (over > 0 ? "The message is too long" : null);

  const create = async (): Promise<void> => {
    if (busy || reason !== null) return;
    setError(null);
    setCancelled(false);
    try {
      const made = await call.run((operation_id) =>
        createCheckpoint({ session_id, operation_id, message, tags: newestTags.current }),
      );
      onOpenChange(false);
      toast(`Checkpoint ${shortId(made.checkpoint_id)} created`, {
        description: changedWords(made.checkpoint),
      });
    } catch (failure) {
      if (isCancelled(failure)) setCancelled(true);
      else setError(failure);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || (!event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    // A tag that is still being typed is added when its field is left.
    if (event.target instanceof HTMLInputElement) flushSync(() => field.current?.focus());
    void create();
  };
  const changeTags = (next: string[]): void => {
    newestTags.current = next;
    setTags(next);
  };

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Create a checkpoint"
      description={<CaptureLine session={session} />}
      locked={busy}
      initialFocus={() => field.current}
      footer={
        <>
          {busy ? (
            <CancelButton cancelling={call.cancelling} onCancel={call.cancel} />
          ) : (
            <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          )}
          <Button
            tone="primary"
            keys={createKeys}
            busy={busy}
            reason={reason}
            onClick={() => void create()}
          >
            Create checkpoint
          </Button>
        </>
      }
    >
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- keys of its fields */}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3" onKeyDown={onKeyDown}>
        <Field
          label="Message (may be empty)"
          error={over > 0 ? `${plural(over, "byte")} too long.` : null}
        >
          {(control) => (
            <TextArea
              {...control}
              ref={field}
              rows={4}
              readOnly={busy}
              value={message}
              onChange={(event) => setMessage(event.target.value)}
            />
          )}
        </Field>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
          <span className="text-xs font-medium text-fg-2">Tags</span>
          <TagEditor boxed label="Tags" tags={tags} onChange={changeTags} />
          <span className="text-xs text-fg-3">Enter or a comma adds one.</span>
        </div>
        {busy && <ProgressBar label="Progress of the checkpoint" progress={call.progress} />}
        {cancelled && <Cancelled>No checkpoint was made. What you wrote is still here.</Cancelled>}
        {error !== null && (
          <ErrorNote
            title="The checkpoint was not created"
            error={error}
            onRetry={() => void create()}
            actions={<WaysOut error={error} onLeave={() => onOpenChange(false)} />}
          />
        )}
      </div>
    </Dialog>
  );
}

const createKeys = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘ ↵" : "Ctrl ↵";

function changedWords(made: CheckpointSummary): string {
  const { parent_id, files, changed_files, partial } = made;
  const changed =
    changed_files === 0
      ? "Nothing had changed."
      : `${plural(changed_files, "file")} changed since the last.`;
  const words = parent_id === null ? `It holds ${plural(files, "file")}.` : changed;
  return partial ? `${words} Some paths could not be read.` : words;
}

/** The folder and what is captured of it; counted while the dialog is open. */
function CaptureLine({ session }: { session: Session }) {
  const { workspace } = session;
  // Every event brings a new session object; the folder is looked at once.
  const [settings] = useState(session.settings);
  const [captured, setCaptured] = useState<string | null>(null);
  useEffect(() => {
    if (workspace === null) return;
    let wanted = true;
    const operation_id = newId();
    scanWorkspace({ path: workspace, settings, operation_id }).then(
      ({ files, bytes, left_out, warnings }) => {
        if (!wanted) return;
        const rest = left_out.length === 0 ? "" : `; leaves ${plural(left_out.length, "path")} out`;
        const found = `${plural(files, "file")}, ${formatBytes(bytes)}${rest}`;
        const over = warnings.some(({ code }) => code === "over_limit");
        setCaptured(over ? `${found}: over a limit of this session.` : `Captures ${found}.`);
      },
      // The checkpoint itself will say what is wrong with the folder.
      () => {},
    );
    return () => {
      wanted = false;
      // Nobody waits for it any more; if it is done already, so much the better.
      cancel(operation_id).catch(() => {});
    };
  }, [workspace, settings]);
  if (workspace === null) return <>This session keeps state only: no files are captured.</>;
  return (
    <>
      <span className="datum">
        <Text value={workspace} />
      </span>
      <span className="block text-xs" aria-live="polite">
        {captured ?? "All files that no rule leaves out."}
      </span>
    </>
  );
}
