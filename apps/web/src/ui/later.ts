import { lazy, type ComponentType, type LazyExoticComponent } from "react";

function whenIdle(run: () => void): void {
  // Safari has no idle callbacks.
  if (typeof requestIdleCallback === "function") requestIdleCallback(run, { timeout: 3000 });
  else setTimeout(run, 1000);
}

/**
 * A component in a chunk of its own, fetched as soon as the page is idle rather than when it is
 * first drawn: by then the server may be stopped, or serve another build.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- as React's own `lazy` has it
export function later<T extends ComponentType<any>>(
  load: () => Promise<{ default: T }>,
): LazyExoticComponent<T> {
  // If this fails, drawing it tries again.
  whenIdle(() => void load().catch(() => {}));
  return lazy(load);
}
