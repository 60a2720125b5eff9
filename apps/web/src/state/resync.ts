import { create } from "zustand";

/** How long the page says that it loaded everything anew, in ms. */
const shownMs = 8_000;

const useStore = create<{ resynced: boolean }>(() => ({ resynced: false }));
let calm: ReturnType<typeof setTimeout> | undefined;

/** The log no longer reached back to where this page was: what it shows was loaded anew. */
export function noteResync(): void {
  clearTimeout(calm);
  useStore.setState({ resynced: true });
  calm = setTimeout(() => useStore.setState({ resynced: false }), shownMs);
}

/** Whether everything was loaded anew a moment ago, since events were missed for good. */
export function useResynced(): boolean {
  return useStore((state) => state.resynced);
}
