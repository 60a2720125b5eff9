import type { Difference } from "@cairn/shared/files";
import type { Operation } from "@cairn/shared/operation";
import { useState } from "react";
import { redo, undo } from "../actions.ts";
import type { LoadedPlan } from "../restore/use-plan.ts";
import { toFailure } from "../ui/error.ts";
import { toast, toastError } from "../ui/toast.ts";
import { checkUndo, type UndoCheck } from "./undo-check.ts";
import { dismissNotice, noteRedo, type Direction } from "./undo-request.ts";

/** An undo or redo that waits for a person's yes. */
export interface Asking extends UndoCheck {
  direction: Direction;
  operation: Operation;
  changed: boolean;
  error: unknown;
}

export interface Undoing {
  /** Under way: checking, or at work. */
  busy: Direction | null;
  asking: Asking | null;
  /** Paths that did not end as wanted, to be shown. */
  differences: readonly Difference[];
  /** Takes an operation back: at once, or after asking when newer edits are at stake. */
  start: (direction: Direction, operation: Operation, effect: string) => Promise<void>;
  confirm: (plan: LoadedPlan) => Promise<void>;
  dismiss: () => void;
}

/** Undo and redo as a person does them; `hasFolder`: the session has files. */
export function useUndo(session_id: string, hasFolder: boolean): Undoing {
  const [busy, setBusy] = useState<Direction | null>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [differences, setDifferences] = useState<readonly Difference[]>([]);

  const walk = async (
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
    if (busy !== null) return;
    setBusy(direction);
    try {
      const check = await checkUndo(operation, hasFolder);
      if (check.edited) setAsking({ ...check, direction, operation, changed: false, error: null });
      else await walk(direction, operation, check.plan?.plan_hash);
    } catch (error) {
      toastError(`${effect}: failed`, error, () => void start(direction, operation, effect));
    } finally {
      setBusy(null);
    }
  };

  const confirm = async (plan: LoadedPlan): Promise<void> => {
    if (asking === null) return;
    const { direction, operation } = asking;
    setBusy(direction);
    setAsking({ ...asking, error: null });
    try {
      await walk(direction, operation, plan.plan_hash);
    } catch (error) {
      const moved = toFailure(error).code === "workspace_changed";
      const check = moved ? await checkUndo(operation, hasFolder).catch(() => null) : null;
      setAsking({
        ...asking,
        ...check,
        changed: check !== null,
        error: check === null ? error : null,
      });
    } finally {
      setBusy(null);
    }
  };

  return {
    busy,
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
