import type { ObjectStore } from "./objects.ts";
import type { Journals } from "./journals.ts";

/** A store opened by one thread. Close it; what was not committed is lost. */
export interface Store extends ObjectStore {
  readonly journals: Journals;
  close(): void;
}

/** Opens (and makes, when new) the store in the folder. */
export function openStore(_dir: string): Store {
  throw new Error("not written yet");
}
