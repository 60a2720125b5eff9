import type { TransientMessage } from "@cairn/shared/events";
import { create } from "zustand";

export type Progress = (TransientMessage & { event_type: "progress" })["data"];

const kept = 20;

const useStore = create<{ byOperation: ReadonlyMap<string, Progress> }>(() => ({
  byOperation: new Map(),
}));

/** Keeps the latest progress of the latest operations. */
export function noteProgress(progress: Progress): void {
  useStore.setState(({ byOperation }) => {
    const next = new Map(byOperation);
    next.delete(progress.operation_id);
    next.set(progress.operation_id, progress);
    for (const id of next.keys()) {
      if (next.size <= kept) break;
      next.delete(id);
    }
    return { byOperation: next };
  });
}

/** The ids that have been told of: what comes under another is new. */
export function knownProgress(): ReadonlySet<string> {
  return new Set(useStore.getState().byOperation.keys());
}

/**
 * How far work is whose id the server makes, as for undo and redo: the newest of this `kind` in the
 * session that is not among the `known`. Null `known`: there is none.
 */
export function useProgressOf(
  session_id: string,
  kind: string,
  known: ReadonlySet<string> | null,
): Progress | null {
  return useStore(({ byOperation }) => {
    if (known === null) return null;
    const found = [...byOperation.values()].findLast(
      (each) =>
        each.session_id === session_id && each.kind === kind && !known.has(each.operation_id),
    );
    return found ?? null;
  });
}

/** How far an operation is, by the id that its caller made; null before its first word. */
export function useProgress(operation_id: string | null): Progress | null {
  return useStore(({ byOperation }) =>
    operation_id === null ? null : (byOperation.get(operation_id) ?? null),
  );
}
