import type { Store } from "../store.ts";

/** A store of an engine under test, and the ways to its data that the suites need. */
export interface Opened {
  readonly store: Store;
  /** Closes the store and opens the same data again, as a restart does. */
  reopen(): Promise<Store>;
  /** Another handle on the same data, as another process has; closed by `dispose`. */
  another(): Promise<Store>;
  dispose(): Promise<void>;
}

export type Open = () => Promise<Opened>;
