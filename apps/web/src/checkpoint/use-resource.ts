import { useEffect, useMemo } from "react";
import { useStore } from "zustand";
import { Resource, type Loading } from "./resource.ts";

interface Asked<T> extends Loading<T> {
  resource: Resource<T>;
}

async function never(): Promise<never> {
  return new Promise(() => {});
}

/** Asks when `first` (memoize it) is another one; null asks nothing. */
export function useResource<T>(first: (() => Promise<T>) | null): Asked<T> {
  const resource = useMemo(() => new Resource<T>(first ?? never), [first]);
  useEffect(() => {
    if (first === null) return;
    resource.load();
    return () => resource.stop();
  }, [first, resource]);
  const { value, error, loading } = useStore(resource.store);
  return { value, error, loading: loading && first !== null, resource };
}
