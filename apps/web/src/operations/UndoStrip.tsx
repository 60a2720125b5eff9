import { ProgressBar } from "../restore/ProgressBar.tsx";
import type { LongCall } from "../state/use-long-call.ts";
import { CancelButton } from "../ui/CancelButton.tsx";
import { Text } from "../ui/Text.tsx";

interface UndoStripProps {
  /** What is under way: `Undo the restore to …`. */
  effect: string;
  call: Pick<LongCall, "progress" | "cancelling" | "cancel">;
}

/** How far an undo or redo is that takes its time, and the way to stop it; a quick one shows nothing. */
export function UndoStrip({ effect, call }: UndoStripProps) {
  return (
    <section
      aria-label="Under way"
      className="appears-late absolute inset-x-0 top-full z-20 flex items-center gap-3 border-b border-line bg-raised px-3 py-2 shadow-pop"
    >
      <div className="grid min-w-0 flex-1 gap-1">
        <p className="truncate font-medium">
          <Text value={effect} />
        </p>
        <ProgressBar label={`Progress: ${effect}`} progress={call.progress} />
      </div>
      <CancelButton cancelling={call.cancelling} onCancel={call.cancel} />
    </section>
  );
}
