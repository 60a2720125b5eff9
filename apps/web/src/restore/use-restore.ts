import type { Difference } from "@cairn/shared/files";
import type { Result } from "@cairn/shared/methods";
import { useCallback, useRef, useState } from "react";
import { restore } from "../actions.ts";
import { useSessionEvents } from "../state/live.ts";
import { isCancelled, useLongCall, type LongCall } from "../state/use-long-call.ts";
import { toFailure } from "../ui/error.ts";
import { chosenPaths, holdsTo, type Choice } from "./choice.ts";
import { wholePlan, type LoadedPlan, type PlanRequest } from "./use-plan.ts";

export type RestorePhase =
  /** `note`: why the plan on the screen is another than before. */
  | { name: "choosing"; note: "changed" | "rolled_back" | "cancelled" | null }
  | { name: "running" }
  | { name: "failed"; operation_id: string; error: unknown }
  | { name: "differences"; differences: readonly Difference[]; operation_id: string };

interface Restoring {
  phase: RestorePhase;
  /** Restores what is chosen of the plan on the screen, or shows why the plan is another now. */
  run: (plan: LoadedPlan | null, choice: Choice) => Promise<void>;
  reset: () => void;
  /** The call under way: its progress, and the way to stop it. */
  call: LongCall;
}

interface Options {
  wanted: PlanRequest;
  /** All of it was done. */
  onRestored: (result: { operation_id: string; into: boolean }) => void;
  /** The folder moved: this is what would be done now. */
  onNewPlan: (plan: LoadedPlan) => void;
  /** It was cut off or cancelled, and the folder is as it was before. */
  onRolledBack: () => void;
}

const choosing: RestorePhase = { name: "choosing", note: null };

/** Raised when a fresh plan would do something else than what is on the screen. */
class PlanMoved extends Error {}

async function carryOut(
  wanted: PlanRequest,
  { operation_id, step }: { operation_id: string; step: () => void },
  plan: LoadedPlan | null,
  choice: Choice,
): Promise<Result<"restore">> {
  const { session_id, checkpoint_id, into } = wanted;
  const base = { session_id, checkpoint_id, operation_id, ...(into === undefined ? {} : { into }) };
  // A session that keeps only state has no files to plan for.
  if (plan === null) return restore(base);
  let shown = plan;
  let paths = chosenPaths(choice, shown.changes, shown.total);
  if (paths === "incomplete") {
    shown = await wholePlan(wanted, { start: plan, operation_id, step });
    if (shown.plan_hash !== plan.plan_hash) throw new PlanMoved();
    paths = chosenPaths(choice, shown.changes, shown.total);
  }
  step();
  if (paths === undefined || paths === "incomplete")
    return restore({ ...base, plan_hash: shown.plan_hash });
  // A hash covers its choice of paths, so the choice needs one of its own.
  const chosen = await wholePlan({ ...wanted, paths }, { operation_id, step });
  if (!holdsTo(chosen.changes, shown.changes)) throw new PlanMoved();
  step();
  return restore({ ...base, paths, plan_hash: chosen.plan_hash });
}

/** The work of the restore dialog after its button was pressed. */
export function useRestore({ wanted, onRestored, onNewPlan, onRolledBack }: Options): Restoring {
  const [phase, setPhase] = useState(choosing);
  const { session_id } = wanted;
  const rolledBack = useRef<string | null>(null);
  const call = useLongCall();

  // An answer can be lost with its connection; the events still tell how it ended.
  useSessionEvents(session_id, (event) => {
    // The call that is sent again after a restart of the server fails only after this.
    if (event.operation?.status === "rolled_back")
      rolledBack.current = event.operation.operation_id;
    if (phase.name !== "failed" || event.operation?.operation_id !== phase.operation_id) return;
    const { operation_id } = phase;
    const { status } = event.operation;
    if (status === "done" || status === "done_with_differences") {
      setPhase(choosing);
      onRestored({ operation_id, into: false });
    } else if (status === "rolled_back") {
      setPhase({ name: "choosing", note: "rolled_back" });
      onRolledBack();
    }
  });

  const run = async (plan: LoadedPlan | null, choice: Choice): Promise<void> => {
    let operation_id = "";
    setPhase({ name: "running" });
    try {
      const { status, differences } = await call.run((id, step) => {
        operation_id = id;
        return carryOut(wanted, { operation_id, step }, plan, choice);
      });
      if (status === "restored_with_differences")
        setPhase({ name: "differences", differences, operation_id });
      else {
        setPhase(choosing);
        onRestored({ operation_id, into: wanted.into !== undefined });
      }
    } catch (error) {
      if (isCancelled(error)) {
        setPhase({ name: "choosing", note: "cancelled" });
        onRolledBack();
        return;
      }
      if (rolledBack.current === operation_id) {
        setPhase({ name: "choosing", note: "rolled_back" });
        onRolledBack();
        return;
      }
      if (!(error instanceof PlanMoved) && toFailure(error).code !== "workspace_changed") {
        setPhase({ name: "failed", operation_id, error });
        return;
      }
      try {
        onNewPlan(await wholePlan(wanted));
        setPhase({ name: "choosing", note: "changed" });
      } catch (failure) {
        setPhase({ name: "failed", operation_id, error: failure });
      }
    }
  };
  return {
    phase,
    run,
    call,
    reset: useCallback(() => setPhase(choosing), []),
  };
}
