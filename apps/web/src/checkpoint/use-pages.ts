import { useCallback } from "react";
import { useResource } from "./use-resource.ts";

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

/** A list that is loaded page by page and starts anew when `load` (memoize it) is another one. */
export function usePages<T>(load: (cursor: string | undefined) => Promise<Page<T>>): Pages<T> {
  const first = useCallback(() => load(undefined), [load]);
  const { value, error, loading, resource } = useResource(first);
  const loadMore = useCallback(() => {
    resource.run(async (before) => {
      const page = await load(before?.next_cursor);
      return { ...page, items: [...(before?.items ?? []), ...page.items] };
    });
  }, [load, resource]);
  return {
    items: value?.items ?? [],
    loading: !loading ? null : value === null ? "first" : "more",
    error,
    hasMore: value?.next_cursor !== undefined,
    loadMore,
    retry: resource.retry,
    reload: resource.load,
  };
}
