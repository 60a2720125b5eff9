import type { Difference } from "@cairn/shared/files";
import type { Operation } from "@cairn/shared/operation";
import { useState } from "react";
import { redo, undo } from "../actions.ts";
import type { LoadedPlan } from "../restore/use-plan.ts";
import { knownProgress, useProgressOf } from "../state/progress.ts";
import { isCancelled, useLongCall, type LongCall } from "../state/use-long-call.ts";
import { toFailure } from "../ui/error.ts";
import { toast, toastError } from "../ui/toast.ts";
import { checkUndo, type UndoCheck } from "./undo-check.ts";
import { dismissNotice, noteRedo, type Direction } from "./undo-request.ts";

/** An undo or redo that waits for a person's yes. */
export interface Asking extends UndoCheck {
  direction: Direction;
  operation: Operation;
  changed: boolean;
  cancelled: boolean;
  error: unknown;
}

/** An undo or redo under way: checking, or at work. */
interface Walk {
  direction: Direction;
  /** What it does: `Undo the restore to …`. */
  effect: string;
  /** Progress that was told of before it, of others. */
  known: ReadonlySet<string>;
}

export interface Undoing {
  walk: Walk | null;
  /** The call under way: its progress, and the way to stop it. */
  call: Pick<LongCall, "progress" | "cancelling" | "cancel">;
  asking: Asking | null;
  /** Paths that did not end as wanted, to be shown. */
  differences: readonly Difference[];
  /** Takes an operation back: at once, or after asking when newer edits are at stake. */
  start: (direction: Direction, operation: Operation, effect: string) => Promise<void>;
  confirm: (plan: LoadedPlan, effect: string) => Promise<void>;
  dismiss: () => void;
}

/** Undo and redo as a person does them; `hasFolder`: the session has files. */
export function useUndo(session_id: string, hasFolder: boolean): Undoing {
  const [walk, setWalk] = useState<Walk | null>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [differences, setDifferences] = useState<readonly Difference[]>([]);
  const call = useLongCall();
  const own = useProgressOf(session_id, walk?.direction ?? "undo", walk?.known ?? null);

  /** Shows that it is under way; `cancel` finds it by the operation that it takes back. */
  const during = async <T>(
    {
      direction,
      operation,
      effect,
    }: { direction: Direction; operation: Operation; effect: string },
    work: (id: string, step: () => void) => Promise<T>,
  ): Promise<T> => {
    setWalk({ direction, effect, known: knownProgress() });
    try {
      return await call.run(work, { alias: operation.operation_id });
    } finally {
      setWalk(null);
    }
  };

  const carryOut = async (
    direction: Direction,
    operation: Operation,
    plan_hash: string | undefined,
  ): Promise<void> => {
    const options = {
      operation_id: operation.operation_id,
      ...(plan_hash === undefined ? {} : { plan_hash }),
    };
    const result =
      direction === "undo" ? await undo(session_id, options) : await redo(session_id, options);
    setAsking(null);
    dismissNotice(operation.operation_id);
    if (result.differences.length > 0) setDifferences(result.differences);
    else if (direction === "redo") toast("Redone");
    else noteRedo(session_id, result.operation_id);
  };

  const start = async (
    direction: Direction,
    operation: Operation,
    effect: string,
  ): Promise<void> => {
    if (walk !== null) return;
    try {
      await during({ direction, operation, effect }, async (id, step) => {
        const check = await checkUndo(operation, hasFolder, id);
        step();
        if (check.edited)
          setAsking({
            ...check,
            direction,
            operation,
            changed: false,
            cancelled: false,
            error: null,
          });
        else await carryOut(direction, operation, check.plan?.plan_hash);
      });
    } catch (error) {
      if (isCancelled(error))
        toast(`The ${direction} was cancelled`, { description: "The folder is as it was before." });
      else toastError(`${effect}: failed`, error, () => void start(direction, operation, effect));
    }
  };

  const confirm = async (plan: LoadedPlan, effect: string): Promise<void> => {
    if (asking === null || walk !== null) return;
    const { direction, operation } = asking;
    setAsking({ ...asking, cancelled: false, error: null });
    try {
      await during({ direction, operation, effect }, () =>
        carryOut(direction, operation, plan.plan_hash),
      );
    } catch (error) {
      const cancelled = isCancelled(error);
      const moved = toFailure(error).code === "workspace_changed";
      const check = moved ? await checkUndo(operation, hasFolder).catch(() => null) : null;
      setAsking({
        ...asking,
        ...check,
        changed: check !== null,
        cancelled,
        error: cancelled || check !== null ? null : error,
      });
    }
  };

  return {
    walk,
    call: { ...call, progress: own ?? call.progress },
    asking,
    differences,
    start,
    confirm,
    dismiss: () => {
      setAsking(null);
      setDifferences([]);
    },
  };
}
