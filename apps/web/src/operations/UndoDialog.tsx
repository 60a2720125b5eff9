import { useRef, useState } from "react";
import type { LoadedPlan, PlanRequest } from "../restore/use-plan.ts";
import { nextPage } from "../restore/use-plan.ts";
import { ProgressBar } from "../restore/ProgressBar.tsx";
import { PlanView } from "../restore/PlanView.tsx";
import { useOffline } from "../state/connection.ts";
import { useSession } from "../state/live.ts";
import type { LongCall } from "../state/use-long-call.ts";
import { Button } from "../ui/Button.tsx";
import { CancelButton } from "../ui/CancelButton.tsx";
import { Cancelled } from "../ui/Cancelled.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Text } from "../ui/Text.tsx";

interface UndoDialogProps {
  direction: "undo" | "redo";
  /** What it would do: `Undo the restore to …`. */
  effect: string;
  request: PlanRequest;
  plan: LoadedPlan;
  /** The folder moved since an earlier plan was shown. */
  changed: boolean;
  busy: boolean;
  /** The step under way: how far it is, and the way to stop it. */
  call: Pick<LongCall, "progress" | "cancelling" | "cancel">;
  /** It was stopped, with nothing changed. */
  cancelled: boolean;
  error: unknown;
  onConfirm: (plan: LoadedPlan) => void;
  onClose: () => void;
}

/** Asks before an undo or redo that would change files edited since, and shows which. */
export function UndoDialog(props: UndoDialogProps) {
  const { direction, effect, request, plan, changed, busy, call, cancelled, error } = props;
  const { onConfirm, onClose } = props;
  const cancel = useRef<HTMLButtonElement>(null);
  const offline = useOffline();
  const session = useSession(request.session_id);
  const [more, setMore] = useState<{ of: LoadedPlan; plan: LoadedPlan } | null>(null);
  const [loading, setLoading] = useState(false);
  const [pageError, setPageError] = useState<unknown>(null);
  const shown = more !== null && more.of === plan ? more.plan : plan;
  const verb = direction === "undo" ? "Undo" : "Redo";

  const loadMore = async (): Promise<void> => {
    setLoading(true);
    setPageError(null);
    try {
      setMore({ of: plan, plan: await nextPage(request, shown) });
    } catch (reason) {
      setPageError(reason);
    } finally {
      setLoading(false);
    }
  };

  return (
    <Dialog
      open
      onOpenChange={onClose}
      shape="wide"
      locked={busy}
      initialFocus={() => cancel.current}
      title={
        <>
          <Text value={effect} />?
        </>
      }
      description="Files were edited since. They are kept in a safety checkpoint of this step, so that it can be taken back too."
      footer={
        <>
          {busy ? (
            <CancelButton cancelling={call.cancelling} onCancel={call.cancel} />
          ) : (
            <Button ref={cancel} onClick={onClose}>
              Cancel
            </Button>
          )}
          <Button tone="primary" busy={busy} reason={offline} onClick={() => onConfirm(shown)}>
            {verb}
          </Button>
        </>
      }
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
        {changed && (
          <p role="alert" className="rounded-sm bg-warn-soft px-3 py-2 text-warn">
            Files changed while you were looking. This is what would be done now.
          </p>
        )}
        {busy && <ProgressBar label={`Progress of the ${direction}`} progress={call.progress} />}
        {cancelled && <Cancelled>The folder is as it was before the {direction}.</Cancelled>}
        {error !== null && (
          <ErrorNote
            title={`The ${direction} failed`}
            error={error}
            onRetry={() => onConfirm(shown)}
          />
        )}
        {pageError !== null && (
          <ErrorNote
            title="More could not be loaded"
            error={pageError}
            onRetry={() => void loadMore()}
          />
        )}
        <PlanView
          session_id={request.session_id}
          checkpoint_id={request.checkpoint_id}
          plan={shown}
          where={session?.workspace ?? ""}
          copying={false}
          isHead
          loading={loading}
          onMore={() => void loadMore()}
        />
      </div>
    </Dialog>
  );
}
