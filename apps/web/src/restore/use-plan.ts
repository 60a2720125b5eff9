import type { ChangeCounts, FileChange, PathParam } from "@cairn/shared/files";
import type { RestorePlan } from "@cairn/shared/methods/restores";
import { useCallback, useEffect, useMemo, useState } from "react";
import { cancel, newId, planRestore } from "../actions.ts";
import { useResource } from "../checkpoint/use-resource.ts";
import { useProgress, type Progress } from "../state/progress.ts";

const pageSize = 200;

export interface PlanRequest {
  session_id: string;
  checkpoint_id: string;
  into?: string | undefined;
  paths?: PathParam[] | undefined;
}

/** A plan as far as it is loaded: the first page's facts, and all changes up to `cursor`. */
export interface LoadedPlan {
  plan_hash: string;
  counts: ChangeCounts;
  total: number;
  changes: readonly FileChange[];
  blocked: RestorePlan["blocked"];
  warnings: RestorePlan["warnings"];
  cursor: string | undefined;
}

/** `operation_id`: progress is told under it, and `cancel` finds the call. */
function request({ session_id, checkpoint_id, into, paths }: PlanRequest, operation_id?: string) {
  return {
    session_id,
    checkpoint_id,
    limit: pageSize,
    ...(operation_id === undefined ? {} : { operation_id }),
    ...(into === undefined ? {} : { into }),
    ...(paths === undefined ? {} : { paths }),
  };
}

/** The first page of what a restore would do now. */
export async function firstPage(wanted: PlanRequest, operation_id?: string): Promise<LoadedPlan> {
  const page = await planRestore(request(wanted, operation_id));
  const { added, modified, removed } = page.counts;
  return { ...page, total: added + modified + removed, cursor: page.next_cursor };
}

/**
 * The plan with its next page. When the folder moved since the first page, the pages would not
 * belong together: it is then the first page of the new plan.
 */
export async function nextPage(
  wanted: PlanRequest,
  plan: LoadedPlan,
  operation_id?: string,
): Promise<LoadedPlan> {
  if (plan.cursor === undefined) return plan;
  const page = await planRestore({ ...request(wanted, operation_id), cursor: plan.cursor });
  if (page.plan_hash !== plan.plan_hash) return firstPage(wanted, operation_id);
  return { ...plan, changes: [...plan.changes, ...page.changes], cursor: page.next_cursor };
}

interface Walk {
  start?: LoadedPlan;
  operation_id?: string;
  /** Throws between two pages once it is to stop. */
  step?: () => void;
}

/** Every page of the plan. */
export async function wholePlan(
  wanted: PlanRequest,
  { start, operation_id, step }: Walk = {},
): Promise<LoadedPlan> {
  let plan = start ?? (await firstPage(wanted, operation_id));
  while (plan.cursor !== undefined) {
    step?.();
    plan = await nextPage(wanted, plan, operation_id);
  }
  return plan;
}

export interface PlanState {
  plan: LoadedPlan | null;
  loading: boolean;
  /** How far the plan under way is. */
  progress: Progress | null;
  error: unknown;
  loadMore: () => void;
  /** Makes the plan anew; the old one stays until it is there. */
  refresh: () => void;
  /** Shows a plan that was made elsewhere. */
  show: (plan: LoadedPlan) => void;
}

/** The plan of a restore, kept while `wanted` (memoize it; null: none) stays the same. */
export function usePlan(wanted: PlanRequest | null): PlanState {
  const [operation_id, setOperationId] = useState<string | null>(null);
  const first = useMemo(() => {
    if (wanted === null) return null;
    return () => {
      const id = newId();
      setOperationId(id);
      return firstPage(wanted, id);
    };
  }, [wanted]);
  const { value, error, loading, resource } = useResource(first);
  const progress = useProgress(loading ? operation_id : null);
  // Nobody waits any more for the plan of another folder, or of a dialog that was closed.
  useEffect(
    () => () => {
      if (operation_id !== null && resource.store.getState().loading)
        cancel(operation_id).catch(() => {});
    },
    [operation_id, resource],
  );
  const loadMore = useCallback(() => {
    if (wanted === null) return;
    resource.run((plan) => (plan === null ? firstPage(wanted) : nextPage(wanted, plan)));
  }, [wanted, resource]);
  return {
    plan: value,
    loading,
    progress,
    error,
    loadMore,
    refresh: resource.load,
    show: resource.set,
  };
}
