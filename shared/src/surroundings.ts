/** What the client needs from where it runs; tests bring their own. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after `ms`; the result cancels. */
  after(ms: number, run: () => void): () => void;
  /** In [0, 1). */
  random(): number;
  /** Whether somebody can see the page; true where there is none. */
  visible(): boolean;
  /** Calls on a sign that a connection may work again: network back, page shown. */
  onHint(listener: () => void): () => void;
}

interface EventSource {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** The browser's window and document, where there are any. */
const page = globalThis as unknown as {
  document?: EventSource & { visibilityState: string };
} & Partial<EventSource>;

export const realSurroundings: Surroundings = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
  visible: () => page.document === undefined || page.document.visibilityState === "visible",
  onHint(listener) {
    const { document } = page;
    if (document === undefined) return () => undefined;
    const shown = () => {
      if (document.visibilityState === "visible") listener();
    };
    page.addEventListener?.("online", listener);
    document.addEventListener("visibilitychange", shown);
    return () => {
      page.removeEventListener?.("online", listener);
      document.removeEventListener("visibilitychange", shown);
    };
  },
};
