import type { ChangeCounts, FileChange, PathParam } from "@cairn/shared/files";
import type { RestorePlan } from "@cairn/shared/methods/restores";
import { useCallback, useMemo } from "react";
import { planRestore } from "../actions.ts";
import { useResource } from "../checkpoint/use-resource.ts";

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

function request({ session_id, checkpoint_id, into, paths }: PlanRequest) {
  return {
    session_id,
    checkpoint_id,
    limit: pageSize,
    ...(into === undefined ? {} : { into }),
    ...(paths === undefined ? {} : { paths }),
  };
}

/** The first page of what a restore would do now. */
export async function firstPage(wanted: PlanRequest): Promise<LoadedPlan> {
  const page = await planRestore(request(wanted));
  const { added, modified, removed } = page.counts;
  return { ...page, total: added + modified + removed, cursor: page.next_cursor };
}

/**
 * The plan with its next page. When the folder moved since the first page, the pages would not
 * belong together: it is then the first page of the new plan.
 */
export async function nextPage(wanted: PlanRequest, plan: LoadedPlan): Promise<LoadedPlan> {
  if (plan.cursor === undefined) return plan;
  const page = await planRestore({ ...request(wanted), cursor: plan.cursor });
  if (page.plan_hash !== plan.plan_hash) return firstPage(wanted);
  return { ...plan, changes: [...plan.changes, ...page.changes], cursor: page.next_cursor };
}

/** Every page of the plan. */
export async function wholePlan(wanted: PlanRequest, start?: LoadedPlan): Promise<LoadedPlan> {
  let plan = start ?? (await firstPage(wanted));
  while (plan.cursor !== undefined) plan = await nextPage(wanted, plan);
  return plan;
}

export interface PlanState {
  plan: LoadedPlan | null;
  loading: boolean;
  error: unknown;
  loadMore: () => void;
  /** Makes the plan anew; the old one stays until it is there. */
  refresh: () => void;
  /** Shows a plan that was made elsewhere. */
  show: (plan: LoadedPlan) => void;
}

/** The plan of a restore, kept while `wanted` (memoize it; null: none) stays the same. */
export function usePlan(wanted: PlanRequest | null): PlanState {
  const first = useMemo(() => (wanted === null ? null : () => firstPage(wanted)), [wanted]);
  const { value, error, loading, resource } = useResource(first);
  const loadMore = useCallback(() => {
    if (wanted === null) return;
    resource.run((plan) => (plan === null ? firstPage(wanted) : nextPage(wanted, plan)));
  }, [wanted, resource]);
  return { plan: value, loading, error, loadMore, refresh: resource.load, show: resource.set };
}
