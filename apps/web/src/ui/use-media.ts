import { useSyncExternalStore } from "react";

/** Whether a media query holds, and draws again when that changes. */
function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

/** Room for three panes side by side. */
export function useWide(): boolean {
  return useMedia("(min-width: 68.75rem)");
}
