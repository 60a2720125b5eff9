import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { useEffect, useRef, useState } from "react";
import { setTags } from "../actions.ts";
import { useCommand } from "../commands.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { TagEditor } from "./TagEditor.tsx";

/** Milliseconds after an answer in which its event is waited for. */
const letGoMs = 1_000;

/** The tags of a checkpoint, changed in place; `T` goes to the field. */
export function TagRow({ summary, reason }: { summary: CheckpointSummary; reason: string | null }) {
  const { session_id, checkpoint_id, tags } = summary;
  const field = useRef<HTMLInputElement>(null);
  const shownTags = tags.join();
  /**
   * What was asked for last, until the timeline shows it or it fails. The answer alone is too early
   * to let go: the event may not be drawn yet, and a tag typed then would replace this one.
   */
  const [wanted, setWanted] = useState<string[] | null>(null);
  const asked = useRef(0);
  const [answered, setAnswered] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useCommand("tags", () => field.current?.focus(), reason);

  const change = async (next: string[]): Promise<void> => {
    asked.current += 1;
    const mine = asked.current;
    setWanted(next);
    setAnswered(false);
    setError(null);
    try {
      await setTags(session_id, checkpoint_id, next);
      if (mine === asked.current) setAnswered(true);
    } catch (failure) {
      if (mine === asked.current) setError(failure);
    }
  };
  useEffect(() => {
    if (!answered || wanted === null) return undefined;
    // Someone else's change right after ours may never let ours be seen.
    const letGo = setTimeout(() => setWanted(null), shownTags === wanted.join() ? 0 : letGoMs);
    return () => clearTimeout(letGo);
  }, [answered, wanted, shownTags]);
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
        {wanted !== null && !answered && error === null && <Spinner />}
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
