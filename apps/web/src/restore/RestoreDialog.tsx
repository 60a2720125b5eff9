import { useMemo, useRef, useState } from "react";
import { useChangeReason } from "../checkpoint/use-change-reason.ts";
import { checkpointName } from "../operations/operation-words.ts";
import { noteUndo, requestUndo } from "../operations/undo-request.ts";
import { formatCount, plural } from "../format.ts";
import { useCheckpoint, useHead, useSession } from "../state/live.ts";
import { WaysOut } from "../store/WaysOut.tsx";
import { Button } from "../ui/Button.tsx";
import { CancelButton } from "../ui/CancelButton.tsx";
import { Cancelled } from "../ui/Cancelled.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { toFailure } from "../ui/error.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { Text } from "../ui/Text.tsx";
import { toast } from "../ui/toast.ts";
import { countChosen, everything, type Choice } from "./choice.ts";
import { DamagedTarget } from "./DamagedTarget.tsx";
import { DifferenceList } from "./DifferenceList.tsx";
import { effectWords } from "./plan-words.ts";
import { PlanView } from "./PlanView.tsx";
import { ProgressBar } from "./ProgressBar.tsx";
import { copyFolder, RestoreTarget, type Target } from "./RestoreTarget.tsx";
import { usePlan, type PlanRequest } from "./use-plan.ts";
import { useRestore } from "./use-restore.ts";
import { useSettled } from "./use-settled.ts";

interface RestoreDialogProps {
  session_id: string;
  checkpoint_id: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Shows what restoring a checkpoint would change, and does it. */
export function RestoreDialog(props: RestoreDialogProps) {
  // Each opening starts afresh: an old plan or choice must not be what a click carries out.
  return props.open ? <OpenDialog {...props} key={props.checkpoint_id} /> : null;
}

const settleMs = 400;

const notes = {
  changed:
    "Files changed while you were looking. Nothing was restored; this is what would be done now.",
  rolled_back:
    "The restore was cut off and taken back: the folder is as it was before. This is what would be done now.",
};

function OpenDialog({ session_id, checkpoint_id, open, onOpenChange }: RestoreDialogProps) {
  const session = useSession(session_id);
  const row = useCheckpoint(session_id, checkpoint_id);
  const blocked = useChangeReason(session_id);
  const cancel = useRef<HTMLButtonElement>(null);
  const [choice, setChoice] = useState<Choice>(everything);
  const [target, setTarget] = useState<Target>({ kind: "in_place" });

  const name = checkpointName(row?.message, checkpoint_id);
  const workspace = session?.workspace ?? null;
  const stateOnly = session !== undefined && (workspace === null || row?.tree === null);
  const typed = target.kind === "copy" ? target.folder.trim() : undefined;
  const into = useSettled(typed, settleMs);
  const wanted = useMemo<PlanRequest>(
    () => ({ session_id, checkpoint_id, ...(into === undefined ? {} : { into }) }),
    [session_id, checkpoint_id, into],
  );
  const planning = usePlan(stateOnly || into === "" ? null : wanted);
  const { plan } = planning;
  const { phase, run, reset, call } = useRestore({
    wanted,
    onNewPlan: (next) => {
      setChoice(everything);
      planning.show(next);
    },
    onRolledBack: planning.refresh,
    onRestored: ({ operation_id, into: copied }) => {
      onOpenChange(false);
      if (copied) toast(`Copied to ${into ?? ""}`);
      else noteUndo(restoredWords(), session_id, operation_id);
    },
  });
  const restoredWords = (): string =>
    plan === null || chosen === plan.total
      ? `Restored to ${name}`
      : `Restored to ${name}: ${formatCount(chosen)} of ${plural(plan.total, "file")}`;
  const running = phase.name === "running";
  const chosen = plan === null ? 0 : countChosen(choice, plan.total);
  const copying = target.kind === "copy";
  const isHead = useHead(session_id) === checkpoint_id;
  const moveOnly = plan !== null && plan.total === 0 && !copying && !isHead;

  const restoreReason = (): string | null => {
    if (blocked !== null) return blocked;
    if (stateOnly) return null;
    if (typed === "") return "Name the folder that gets the copy";
    if (plan === null || planning.loading || typed !== into) return "Wait for the plan";
    if (moveOnly) return null;
    if (plan.total === 0) return "There is nothing to change";
    return chosen === 0 ? "Choose at least one file" : null;
  };
  const label = (): string => {
    if (stateOnly) return "Restore the state";
    if (plan === null) return copying ? "Copy" : "Restore";
    if (moveOnly) return "Move “you are here”";
    return plan.total === 0 ? "Nothing to change" : effectWords(chosen, copying);
  };

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      shape="wide"
      locked={running}
      initialFocus={() => cancel.current}
      title={
        copying ? (
          <>
            Restore to another folder: <Text value={name} />
          </>
        ) : (
          <>
            Restore to <Text value={name} />?
          </>
        )
      }
      description={
        copying
          ? "The checkpoint’s files are written into another folder. This one stays as it is."
          : "A safety checkpoint is taken first, so that you can undo this."
      }
      footer={
        <>
          {running ? (
            <CancelButton cancelling={call.cancelling} onCancel={call.cancel} />
          ) : (
            <Button ref={cancel} onClick={() => onOpenChange(false)}>
              {phase.name === "differences" ? "Close" : "Cancel"}
            </Button>
          )}
          {phase.name !== "differences" && (
            <Button
              tone="primary"
              busy={running}
              reason={restoreReason()}
              onClick={() => void run(plan, choice)}
            >
              {label()}
            </Button>
          )}
        </>
      }
    >
      {phase.name === "differences" ? (
        <DifferenceList
          name={name}
          differences={phase.differences}
          {...(copying
            ? {}
            : {
                onUndo: () => {
                  onOpenChange(false);
                  requestUndo(session_id, phase.operation_id);
                },
              })}
        />
      ) : (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
          {!stateOnly && (
            <RestoreTarget
              target={target}
              workspace={workspace}
              suggestion={copyFolder(workspace, checkpoint_id)}
              disabled={running}
              onChange={(next) => {
                setTarget(next);
                setChoice(everything);
                reset();
              }}
            />
          )}
          {phase.name === "choosing" && phase.note === "cancelled" && (
            <Cancelled>
              {copying
                ? "Nothing of the copy was left behind."
                : "The folder is as it was before the restore."}
            </Cancelled>
          )}
          {phase.name === "choosing" && phase.note !== null && phase.note !== "cancelled" && (
            <p role="alert" className="rounded-sm bg-warn-soft px-3 py-2 text-warn">
              {notes[phase.note]}
            </p>
          )}
          {row?.damaged === true && !stateOnly && (
            <DamagedTarget
              session_id={session_id}
              checkpoint_id={checkpoint_id}
              plan={plan}
              onWhole={setChoice}
            />
          )}
          {phase.name === "failed" && (
            <ErrorNote
              title={
                toFailure(phase.error).details["outcome_unknown"] === true
                  ? "The restore was cut off"
                  : copying
                    ? "The copy failed"
                    : "The restore failed"
              }
              error={phase.error}
              onRetry={() => void run(plan, choice)}
              actions={<WaysOut error={phase.error} onLeave={() => onOpenChange(false)} />}
            />
          )}
          {running && <ProgressBar label="Progress of the restore" progress={call.progress} />}
          {stateOnly && (
            <p>This session keeps only state: restoring makes the checkpoint the current one.</p>
          )}
          {!stateOnly && planning.error !== null && (
            <ErrorNote
              title="The plan could not be made"
              error={planning.error}
              onRetry={planning.refresh}
              actions={<WaysOut error={planning.error} onLeave={() => onOpenChange(false)} />}
            />
          )}
          {!stateOnly &&
            plan === null &&
            planning.loading &&
            (planning.progress === null ? (
              <Spinner label="Comparing the checkpoint with the folder…" />
            ) : (
              <ProgressBar label="Progress of the comparison" progress={planning.progress} />
            ))}
          {!stateOnly && plan !== null && (
            <PlanView
              session_id={session_id}
              checkpoint_id={checkpoint_id}
              plan={plan}
              where={copying ? (into ?? "") : (workspace ?? "")}
              copying={copying}
              isHead={isHead}
              choice={choice}
              onChoice={setChoice}
              settled={running}
              loading={planning.loading}
              onMore={planning.loadMore}
            />
          )}
        </div>
      )}
    </Dialog>
  );
}
