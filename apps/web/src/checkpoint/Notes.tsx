import type { Annotation, Severity } from "@cairn/shared/checkpoint";
import { Trash2 } from "lucide-react";
import { useRef, useState, type KeyboardEvent, type Ref } from "react";
import { annotate, deleteAnnotation } from "../actions.ts";
import { Badge, type BadgeTone } from "../ui/Badge.tsx";
import { Button, IconButton } from "../ui/Button.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Field, TextArea } from "../ui/Field.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Text } from "../ui/Text.tsx";

const severities: readonly Severity[] = ["info", "warning", "critical"];
const tones: Record<Severity, BadgeTone> = { info: "neutral", warning: "warn", critical: "bad" };

interface NotesProps {
  session_id: string;
  checkpoint_id: string;
  annotations: readonly Annotation[];
  /** Why notes cannot be written now. */
  reason: string | null;
  inputRef?: Ref<HTMLTextAreaElement>;
}

/** The notes on a checkpoint, and the form that adds one. */
export function Notes({ session_id, checkpoint_id, annotations, reason, inputRef }: NotesProps) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      {annotations.length > 0 && (
        <ul className="grid grid-cols-[minmax(0,1fr)] gap-2">
          {annotations.map((annotation) => (
            <NoteItem
              key={annotation.annotation_id}
              session_id={session_id}
              annotation={annotation}
              reason={reason}
            />
          ))}
        </ul>
      )}
      <NoteForm
        key={checkpoint_id}
        session_id={session_id}
        checkpoint_id={checkpoint_id}
        reason={reason}
        {...(inputRef === undefined ? {} : { inputRef })}
      />
    </div>
  );
}

interface NoteItemProps {
  session_id: string;
  annotation: Annotation;
  reason: string | null;
}

function NoteItem({ session_id, annotation, reason }: NoteItemProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const remove = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await deleteAnnotation(session_id, annotation.annotation_id);
    } catch (reason_) {
      setError(reason_);
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className="rounded-sm border border-line bg-surface px-2 py-1.5">
      <div className="flex items-center gap-2 text-xs text-fg-3">
        <Badge tone={tones[annotation.severity]}>{annotation.severity}</Badge>
        <span className="min-w-0 truncate">
          <Text value={annotation.author} />
        </span>
        <span className="datum">
          <RelativeTime time={annotation.created_at} ago />
        </span>
        <span className="flex-1" />
        <IconButton
          label="Delete this note"
          busy={busy}
          reason={reason}
          onClick={() => void remove()}
        >
          <Trash2 size={14} aria-hidden="true" />
        </IconButton>
      </div>
      <p className="mt-0.5 whitespace-pre-wrap wrap-anywhere">
        <Text value={annotation.note} keep={"\n\t"} />
      </p>
      {error !== null && (
        <ErrorNote
          title="The note could not be deleted"
          error={error}
          onRetry={() => void remove()}
        />
      )}
    </li>
  );
}

interface NoteFormProps {
  session_id: string;
  checkpoint_id: string;
  reason: string | null;
  inputRef?: Ref<HTMLTextAreaElement>;
}

function NoteForm({ session_id, checkpoint_id, reason, inputRef }: NoteFormProps) {
  const [note, setNote] = useState("");
  const [severity, setSeverity] = useState<Severity>("info");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const form = useRef<HTMLFormElement>(null);
  const empty = note.trim() === "";

  const add = async (): Promise<void> => {
    if (empty || busy || reason !== null) return;
    setBusy(true);
    setError(null);
    try {
      await annotate({ session_id, checkpoint_id, note, severity });
      setNote("");
      setSeverity("info");
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || (!event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    void add();
  };

  return (
    <form
      ref={form}
      className="grid grid-cols-[minmax(0,1fr)] gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <Field label="Add a note">
        {(control) => (
          <TextArea
            {...control}
            ref={inputRef}
            rows={2}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            onKeyDown={onKeyDown}
          />
        )}
      </Field>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <fieldset className="flex flex-wrap gap-x-3">
          <legend className="sr-only">Severity</legend>
          {severities.map((each) => (
            <label key={each} className="inline-flex min-h-7 items-center gap-1.5 text-fg-2">
              <input
                type="radio"
                name="severity"
                className="accent-(--accent)"
                checked={severity === each}
                onChange={() => setSeverity(each)}
              />
              {each}
            </label>
          ))}
        </fieldset>
        <span className="flex-1" />
        <Button
          type="submit"
          busy={busy}
          reason={reason ?? (empty ? "Write the note first" : null)}
        >
          Add note
        </Button>
      </div>
      {error !== null && (
        <ErrorNote title="The note was not added" error={error} onRetry={() => void add()} />
      )}
    </form>
  );
}
