import { ProtocolError } from "@cairn/shared/errors";
import type { WorkHooks } from "../cancelling.ts";
import type { Repaired, RepairRequest } from "../runner.ts";
import { pinMissing } from "../store/pins.ts";
import type { Store } from "../store/store.ts";
import { Inspection } from "./validate.ts";

/** Stores what of a folder is not stored, without committing it. */
export type Rescan = (workspace: RepairRequest["workspaces"][number], hooks: WorkHooks) => void;

/**
 * Finds every object of the snapshots that does not read back. Heals what the packs hold another
 * sound copy of or the index was wrong about, then what a workspace still has, byte for byte.
 */
export function repair(
  store: Store,
  request: RepairRequest,
  rescan: Rescan,
  hooks: WorkHooks,
): Repaired {
  const { snapshots, workspaces } = request;
  if (store.index.state("pins_lost") !== undefined) pinMissing(store.index, snapshots);
  const everBad = new Set<string>();
  const inspect = (): Inspection => {
    const inspection = new Inspection(store, hooks);
    inspection.run(
      snapshots.map(({ snapshot }) => snapshot),
      true,
    );
    inspection.remember();
    for (const { object } of inspection.bad.values()) everBad.add(object);
    return inspection;
  };

  let now = inspect();
  // A folder that reads back again may show what is damaged below it.
  for (const tried = new Set<string>(); ;) {
    const fresh = now.objects().difference(tried);
    if (fresh.size === 0) break;
    for (const object of fresh) tried.add(object);
    if (store.care.salvage(fresh, hooks) > 0) now = inspect();
    for (const workspace of workspaces) {
      if (now.bad.size === 0) break;
      if (restore(store, () => rescan(workspace, hooks))) now = inspect();
    }
  }
  const broken = now.objects();
  if (broken.size > 0) now.remember(true);
  const known = new Set(snapshots.map(({ pin }) => pin));
  const isAll = store.index.pins().every((pin) => known.has(pin));
  if (everBad.size > 0 && broken.size === 0 && isAll) store.care.recount(hooks);
  const healed = everBad.difference(broken).size;
  return { healed, problems: now.problems(snapshots) };
}

/** False when the folder cannot be read: it heals nothing then. */
function restore(store: Store, rescan: () => void): boolean {
  try {
    rescan();
    store.commit();
    return true;
  } catch (error) {
    store.discard();
    const code = error instanceof ProtocolError ? error.code : undefined;
    if (code === "workspace_unavailable" || code === "limit_reached") return false;
    if (code === "invalid_params" || code === "workspace_changed") return false;
    throw error;
  }
}
