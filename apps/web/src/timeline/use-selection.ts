import { useCallback } from "react";
import { useSearchParams } from "react-router";

interface Selection {
  /** The checkpoint that `?c=` names. */
  selected: string | null;
  /** `replace` leaves no entry in the history: for moving through rows by key. */
  select: (checkpoint_id: string | null, options?: { replace?: boolean }) => void;
}

/** What the address says at this moment: the router tells the page a little later. */
export function selectedNow(): string | null {
  return new URLSearchParams(location.search).get("c")?.toLowerCase() ?? null;
}

/** The selected checkpoint, kept in the address so that links, back and forward work. */
export function useSelection(): Selection {
  const [params, setParams] = useSearchParams();
  const select = useCallback(
    (checkpoint_id: string | null, { replace = false }: { replace?: boolean } = {}) => {
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          if (checkpoint_id === null) next.delete("c");
          else next.set("c", checkpoint_id);
          return next;
        },
        { replace },
      );
    },
    [setParams],
  );
  return { selected: params.get("c")?.toLowerCase() ?? null, select };
}
