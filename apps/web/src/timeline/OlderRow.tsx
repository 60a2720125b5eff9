import { useStore } from "zustand";
import type { LiveSession } from "../state/live-session.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Spinner } from "../ui/Spinner.tsx";

/** Below the list: that older rows are on their way, or why they did not come. */
export function OlderRow({ live }: { live: LiveSession }) {
  const older = useStore(live.store, (state) => state.older);
  const error = useStore(live.store, (state) => state.olderError);
  if (older === "loading") {
    return (
      <div className="border-t border-line px-3 py-1.5">
        <Spinner label="Loading older checkpoints…" />
      </div>
    );
  }
  if (older !== "failed") return null;
  return (
    <div className="border-t border-line p-2">
      <ErrorNote
        error={error}
        title="Older checkpoints could not be loaded"
        onRetry={() => void live.loadOlder()}
      />
    </div>
  );
}
