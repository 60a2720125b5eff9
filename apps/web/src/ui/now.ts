import { useSyncExternalStore } from "react";

type Listener = () => void;

const listeners = new Set<Listener>();
let timer: ReturnType<typeof setInterval> | null = null;

function tick(): void {
  for (const listener of listeners) listener();
}

/** Calls back every second, for ages and countdowns: one timer for the whole page. */
export function onTick(listener: Listener): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** Words that depend on the time (ms since 1970); draws again only when they change. */
export function useTicking(words: (now: number) => string | null): string | null {
  return useSyncExternalStore(onTick, () => words(Date.now()));
}
