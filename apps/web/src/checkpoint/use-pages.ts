import { useCallback, useEffect, useRef, useState } from "react";

interface Page<T> {
  items: readonly T[];
  next_cursor?: string | undefined;
}

export interface Pages<T> {
  items: readonly T[];
  /** `first`: nothing to show yet. `more`: another page is under way. */
  loading: "first" | "more" | null;
  error: unknown;
  hasMore: boolean;
  loadMore: () => void;
  /** Tries again what failed last. */
  retry: () => void;
  /** Loads the first page again; what is shown stays until it is there. */
  reload: () => void;
}

interface Loaded<T> {
  key: string | null;
  items: readonly T[];
  cursor: string | undefined;
  error: unknown;
  loading: boolean;
}

/**
 * A list that is loaded page by page and starts anew when `key` changes; a null key loads
 * nothing. An answer that comes after its key has gone is dropped.
 */
export function usePages<T>(
  key: string | null,
  load: (cursor: string | undefined) => Promise<Page<T>>,
): Pages<T> {
  const empty: Loaded<T> = { key, items: [], cursor: undefined, error: null, loading: true };
  const [state, setState] = useState(empty);
  const newest = useRef({ load, run: 0 });
  newest.current.load = load;

  const fetchPage = useCallback(
    (cursor: string | undefined) => {
      newest.current.run += 1;
      const run = newest.current.run;
      const update = (change: (before: Loaded<T>) => Loaded<T>): void => {
        if (newest.current.run === run) setState(change);
      };
      setState((before) =>
        before.key === key
          ? { ...before, loading: true, error: null }
          : { key, items: [], cursor: undefined, error: null, loading: true },
      );
      newest.current.load(cursor).then(
        (page) => {
          update((before) => ({
            key,
            items: cursor === undefined ? page.items : [...before.items, ...page.items],
            cursor: page.next_cursor,
            error: null,
            loading: false,
          }));
        },
        (error: unknown) => {
          update((before) => ({ ...before, error, loading: false }));
        },
      );
    },
    [key],
  );

  useEffect(() => {
    if (key === null) return;
    fetchPage(undefined);
    const { current } = newest;
    return () => {
      current.run += 1;
    };
  }, [key, fetchPage]);

  const shown = state.key === key ? state : empty;
  const { cursor, items } = shown;
  const first = items.length === 0 && cursor === undefined;
  return {
    items,
    loading: !shown.loading || key === null ? null : first ? "first" : "more",
    error: shown.error,
    hasMore: cursor !== undefined,
    loadMore: useCallback(() => fetchPage(cursor), [fetchPage, cursor]),
    retry: useCallback(() => fetchPage(cursor), [fetchPage, cursor]),
    reload: useCallback(() => fetchPage(undefined), [fetchPage]),
  };
}
