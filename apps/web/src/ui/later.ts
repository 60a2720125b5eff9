import {
  createElement,
  lazy,
  type ComponentProps,
  type ComponentType,
  type ReactNode,
} from "react";

function whenIdle(run: () => void): void {
  // Safari has no idle callbacks.
  if (typeof requestIdleCallback === "function") requestIdleCallback(run, { timeout: 3000 });
  else setTimeout(run, 1000);
}

const cannotFetch =
  "A part of this page could not be fetched. If the server is running, load the page again: it may be a newer one.";

/** How to forget each failure: React's `lazy` keeps it for good. */
const failures = new Set<() => void>();

/** Lets every part that could not be fetched be fetched again when it is next drawn. */
export function retryParts(): void {
  for (const forget of failures) forget();
  failures.clear();
}

/**
 * A component in a chunk of its own, fetched as soon as the page is idle rather than when it is
 * first drawn: by then the server may be stopped, or serve another build.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- as React's own `lazy` has it
export function later<T extends ComponentType<any>>(
  load: () => Promise<{ default: T }>,
): (props: ComponentProps<T>) => ReactNode {
  const fetchPart = async (): Promise<{ default: T }> => {
    try {
      return await load();
    } catch (error) {
      failures.add(forget);
      throw new Error(cannotFetch, { cause: error });
    }
  };
  let Part = lazy<T>(fetchPart);
  const forget = () => {
    Part = lazy<T>(fetchPart);
  };
  // If this fails, drawing it tries again.
  whenIdle(() => void load().catch(() => {}));
  return function Later(props) {
    return createElement(Part, props);
  };
}
