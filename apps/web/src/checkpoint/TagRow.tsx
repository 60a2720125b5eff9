import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { useRef, useState } from "react";
import { setTags } from "../actions.ts";
import { useCommand } from "../commands.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { TagEditor } from "./TagEditor.tsx";

/** The tags of a checkpoint, changed in place; `T` goes to the field. */
export function TagRow({ summary, reason }: { summary: CheckpointSummary; reason: string | null }) {
  const { session_id, checkpoint_id, tags } = summary;
  const field = useRef<HTMLInputElement>(null);
  /** What was asked for, until an event shows it or it fails. */
  const [wanted, setWanted] = useState<string[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  useCommand("tags", () => field.current?.focus(), reason);

  const change = async (next: string[]): Promise<void> => {
    setWanted(next);
    setError(null);
    try {
      await setTags(session_id, checkpoint_id, next);
      setWanted(null);
    } catch (failure) {
      setError(failure);
    }
  };
  const shown = wanted ?? tags;

  return (
    <div className="grid gap-1">
      <div className="flex items-center gap-2">
        <TagEditor
          tags={shown}
          reason={reason}
          inputRef={field}
          onLeave={() => field.current?.blur()}
          onChange={(next) => void change(next)}
        />
        {wanted !== null && error === null && <Spinner />}
      </div>
      {error !== null && wanted !== null && (
        <ErrorNote
          title="The tags were not changed"
          error={error}
          onRetry={() => void change(wanted)}
        />
      )}
    </div>
  );
}
