import { CircleCheck, TriangleAlert } from "lucide-react";
import { Button } from "../ui/Button.tsx";
import { CancelButton } from "../ui/CancelButton.tsx";
import { Cancelled } from "../ui/Cancelled.tsx";
import { CheckRow } from "../ui/CheckRow.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { formatTime, plural } from "../format.ts";
import { ProgressBar } from "../restore/ProgressBar.tsx";
import { useOffline } from "../state/connection.ts";
import { Problems } from "./Problems.tsx";
import { useUpkeep } from "./use-upkeep.ts";
import { useState } from "react";

interface Props {
  /** Without it, every session's checkpoints. */
  session_id?: string | undefined;
  /** Without it, all of the session. */
  checkpoint_id?: string | undefined;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

function aboutWords({ session_id, checkpoint_id }: Props): string {
  if (checkpoint_id !== undefined) return "this checkpoint";
  return session_id === undefined
    ? "every checkpoint of every session"
    : "every checkpoint of this session";
}

/** Checks checkpoints, says what is damaged, and heals what can be healed. */
export function ValidateDialog(props: Props) {
  const { session_id, checkpoint_id, open, onOpenChange } = props;
  const offline = useOffline();
  const [deep, setDeep] = useState(true);
  const { call, state, validate, repair } = useUpkeep({ session_id, checkpoint_id });
  const busy = call.operation_id !== null;
  const { outcome } = state;
  const close = () => onOpenChange(false);
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      locked={busy}
      title="Validate"
      description={`Looks whether ${aboutWords(props)} can be read back. Nothing is changed by it.`}
      footer={
        busy ? (
          <CancelButton cancelling={call.cancelling} onCancel={call.cancel} />
        ) : (
          <>
            <Button onClick={close}>Close</Button>
            {outcome !== null && outcome.invalid > 0 && (
              <Button reason={offline} onClick={() => void repair()}>
                Repair what can be healed
              </Button>
            )}
            <Button tone="primary" reason={offline} onClick={() => void validate(deep)}>
              {outcome === null ? "Validate" : "Validate again"}
            </Button>
          </>
        )
      }
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
        {!busy && (
          <CheckRow checked={deep} onChange={setDeep}>
            Read every byte back, not only look whether it is there. Takes longer.
          </CheckRow>
        )}
        {busy && (
          <ProgressBar
            label={
              state.verb === "repair" ? "Progress of the repair" : "Progress of the validation"
            }
            progress={call.progress}
          />
        )}
        {state.cancelled && (
          <Cancelled>
            {state.verb === "repair"
              ? "What was healed so far stays healed."
              : "Nothing was found out, and nothing was changed."}
          </Cancelled>
        )}
        {state.error !== null && (
          <ErrorNote
            title={state.verb === "repair" ? "The repair failed" : "The validation failed"}
            error={state.error}
            onRetry={() => void (state.verb === "repair" ? repair() : validate(deep))}
          />
        )}
        {outcome !== null && (
          <section aria-label="Result" className="grid grid-cols-[minmax(0,1fr)] gap-2">
            {outcome.healed !== null && (
              <p role="status">
                {outcome.healed === 0
                  ? "Nothing could be healed: neither the packs nor the folders hold it any more."
                  : `${plural(outcome.healed, "object")} healed.`}
              </p>
            )}
            <p role="status" className="flex items-start gap-2">
              {outcome.invalid === 0 ? (
                <CircleCheck size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-good" />
              ) : (
                <TriangleAlert size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-bad" />
              )}
              <span>
                {outcome.invalid === 0
                  ? `${plural(outcome.valid, "checkpoint")} checked: all sound.`
                  : `${plural(outcome.invalid, "checkpoint")} of ${outcome.valid + outcome.invalid} damaged. The rest, and every path that is not named here, can be used as ever.`}{" "}
                <span className="datum text-fg-3">{formatTime(outcome.checked_at)}</span>
              </span>
            </p>
            {outcome.problems.length > 0 && (
              <Problems problems={outcome.problems} onLeave={close} />
            )}
            {outcome.more && <p className="text-fg-3">There are more than these.</p>}
          </section>
        )}
      </div>
    </Dialog>
  );
}
