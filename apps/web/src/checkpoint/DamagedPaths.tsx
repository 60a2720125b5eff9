import { plural } from "../format.ts";
import { ProgressBar } from "../restore/ProgressBar.tsx";
import { useUpkeep } from "../store/use-upkeep.ts";
import { Problems } from "../store/Problems.tsx";
import { Button } from "../ui/Button.tsx";
import { CancelButton } from "../ui/CancelButton.tsx";
import { Cancelled } from "../ui/Cancelled.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";

interface Props {
  session_id: string;
  checkpoint_id: string;
  /** Why nothing can be asked now. */
  reason: string | null;
}

/** Of a damaged checkpoint: which of its paths cannot be read back, and what can be healed. */
export function DamagedPaths({ session_id, checkpoint_id, reason }: Props) {
  const { call, state, validate, repair } = useUpkeep({ session_id, checkpoint_id });
  const busy = call.operation_id !== null;
  const { outcome } = state;
  return (
    <section
      aria-label="Damaged"
      className="grid grid-cols-[minmax(0,1fr)] gap-2 rounded-sm bg-bad-soft px-3 py-2"
    >
      <p>
        <strong className="font-semibold">Damaged.</strong> Some of its content in the store is
        missing or broken. Every other path of it can be read and restored.
      </p>
      {busy ? (
        <>
          <ProgressBar label="Looking for what is damaged" progress={call.progress} />
          <div>
            <CancelButton cancelling={call.cancelling} onCancel={call.cancel} />
          </div>
        </>
      ) : (
        <div className="flex flex-wrap gap-2">
          <Button reason={reason} onClick={() => void validate(true)}>
            {outcome === null ? "Which paths?" : "Look again"}
          </Button>
          <Button reason={reason} onClick={() => void repair()}>
            Repair
          </Button>
        </div>
      )}
      {state.cancelled && <Cancelled>Nothing was changed.</Cancelled>}
      {state.error !== null && (
        <ErrorNote
          title={state.verb === "repair" ? "The repair failed" : "It could not be found out"}
          error={state.error}
          onRetry={() => void (state.verb === "repair" ? repair() : validate(true))}
        />
      )}
      {outcome !== null && outcome.healed !== null && (
        <p role="status">
          {outcome.healed === 0
            ? "Nothing could be healed: neither the packs nor the folders hold it any more."
            : `${plural(outcome.healed, "object")} healed.`}
        </p>
      )}
      {outcome !== null && outcome.problems.length > 0 && <Problems problems={outcome.problems} />}
    </section>
  );
}
