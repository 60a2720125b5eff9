import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { useState } from "react";
import { setTags } from "../actions.ts";
import { Badge } from "../ui/Badge.tsx";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Field, Input } from "../ui/Field.tsx";
import { Text } from "../ui/Text.tsx";
import { nameOf } from "./checkpoint-actions.ts";
import { readTags, tagsProblem } from "./tag-text.ts";

interface Props {
  row: CheckpointSummary;
  /** Why it cannot be saved now. */
  reason: string | null;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Changes the tags of a checkpoint. */
export function TagsDialog({ row, reason, open, onOpenChange }: Props) {
  const [text, setText] = useState(row.tags.join(", "));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problem = tagsProblem(text);
  const save = async () => {
    if (busy || problem !== null || reason !== null) return;
    setBusy(true);
    setError(null);
    try {
      await setTags(row.session_id, row.checkpoint_id, readTags(text));
      onOpenChange(false);
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Tags"
      description={<Text value={nameOf(row)} />}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button tone="primary" type="submit" form="tags" busy={busy} reason={reason ?? problem}>
            Save tags
          </Button>
        </>
      }
    >
      <form
        id="tags"
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label="Tags" hint="Separate them by commas." error={problem}>
          {(control) => (
            <Input {...control} value={text} onChange={(event) => setText(event.target.value)} />
          )}
        </Field>
        <p className="flex min-h-5 flex-wrap gap-1" aria-label="These tags">
          {readTags(text).map((tag) => (
            <Badge key={tag}>
              <span className="truncate">
                <Text value={tag} />
              </span>
            </Badge>
          ))}
        </p>
        {error !== null && <ErrorNote error={error} title="The tags were not saved" />}
      </form>
    </Dialog>
  );
}
