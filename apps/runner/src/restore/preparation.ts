import type { GitPosition } from "@cairn/shared/checkpoint";
import { ProtocolError } from "@cairn/shared/errors";
import type { WorkHooks } from "../cancelling.ts";
import type { Fs } from "../fs.ts";
import type { Captured, Plan, PlanRequest, PrepareRequest, Rules } from "../runner.ts";
import { pathBytes } from "../scan/paths.ts";
import type { Scan } from "../scan/scan.ts";
import type { ObjectStore } from "../store/objects.ts";
import { nothingSound } from "./apply.ts";
import { Choice } from "./choice.ts";
import { parentOf } from "./folders.ts";
import type { RestoreJournal } from "./journal.ts";
import { describePlan } from "./plan.ts";
import type { Named, Planned } from "./draft.ts";
import { isDamaged } from "./draft.ts";
import { planSteps } from "./planner.ts";
import type { Root } from "./root.ts";
import { findCopyRoot, findWorkspace, overlap } from "./root.ts";
import { graft, saveNamed } from "./safety.ts";
import { holds, nothingScanned, presentOf, remember, wantedOf } from "./sides.ts";
import { Site } from "./site.ts";

/** What a restore needs to know of the runner around it. */
export interface Surroundings {
  /** Real path. */
  dataFolder: string;
  /** Device that a workspace was on when it was last captured. */
  deviceOf(workspace: string): string | undefined;
  scan(
    request: { workspace: string; rules: Rules; store: boolean; since?: string } & WorkHooks,
  ): Scan;
  /** The facts of a scanned folder for its checkpoint. */
  describe(scan: Scan, workspace: string, parent: string | null): Captured;
  gitPosition(workspace: string, repositories: string[]): GitPosition | null;
}

/** A plan, and what it was made from. */
export interface Preparation {
  plan: Plan;
  planned: Planned;
  root: Root;
  paths: Buffer[] | null;
  /** Null for a restore into another folder. */
  scan: Scan | null;
}

export function readPreparation(
  around: Surroundings,
  fs: Fs,
  store: ObjectStore,
  request: PlanRequest,
  storing: boolean,
  hooks: WorkHooks = {},
): Preparation {
  const { workspace, rules, into } = request;
  const paths = request.paths?.map(pathBytes) ?? null;
  const copying = into !== undefined;
  const root = copying
    ? findCopyRoot(fs, into, [workspace, around.dataFolder])
    : findWorkspace(fs, workspace, around.deviceOf(workspace));
  if (!copying && overlap(workspace, around.dataFolder)) {
    throw new ProtocolError(
      "invalid_params",
      "Cairn's data folder and the workspace contain each other, so nothing can be restored there. Start Cairn with another data folder.",
    );
  }
  const scan = copying
    ? null
    : root.existed
      ? around.scan({ workspace, rules: withoutLimits(rules), store: storing, ...hooks })
      : nothingScanned(store, request.target, storing);
  const present = presentOf(scan, store);
  const { wanted, remembered } = wantedOf(request.target, store, copying);
  const planned = soundly(paths, () => {
    const isListed = (path: Buffer): boolean =>
      holds(store.readTree.bind(store), wanted.root, path) ||
      holds(present.readTree, present.root, path);
    requireKnown(paths ?? [], (path) => wanted.remembered.names(path) || isListed(path));
    return planSteps({
      fs,
      store,
      workspace: root.existed ? root.path : null,
      present,
      wanted,
      choice: new Choice(paths),
      unlisted: remembered.filter((path) => !isListed(path)),
      isStored: storing,
      check: hooks.check,
    });
  });
  const git =
    scan === null || !root.existed ? null : around.gitPosition(workspace, scan.repositories);
  return { plan: describePlan(request, planned, git), planned, root, paths, scan };
}

/** A tree that cannot be read where nothing else could be restored without it. */
function soundly<T>(paths: Buffer[] | null, plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    if (!isDamaged(error)) throw error;
    throw nothingSound(paths?.map(String) ?? [""], error);
  }
}

/** Refuses a chosen path that neither the checkpoint nor the folder knows. */
function requireKnown(paths: Buffer[], isKnown: (path: Buffer) => boolean): void {
  const unknown = paths.find((path) => !isKnown(path));
  if (unknown === undefined) return;
  throw new ProtocolError(
    "not_found",
    `"${unknown.toString()}" is neither in the checkpoint nor among the captured files of the folder.`,
  );
}

/** A folder that outgrew its limits is one that a restore is wanted for. */
export function withoutLimits(rules: Rules): Rules {
  const most = Number.MAX_SAFE_INTEGER;
  return { ...rules, limits: { files: most, bytes: most, file_bytes: most, store_bytes: null } };
}

/** Takes the safety snapshot's facts, nothing of it durable yet, and draws up the journal. */
export function prepareJournal(
  around: Surroundings,
  fs: Fs,
  store: ObjectStore,
  request: PrepareRequest,
  { planned, root, paths, scan }: Preparation,
): { journal: RestoreJournal; safety: Captured | null } {
  const journal: RestoreJournal = {
    operation_id: request.operation_id,
    phase: "prepared",
    root,
    target: request.target,
    safety: null,
    rules: request.rules,
    paths,
    steps: planned.steps,
    loosened: [],
    differences: planned.blocked,
  };
  const site = new Site(fs, store, journal);
  try {
    if (root.existed) journal.loosened = closedFolders(site);
    if (scan === null) return { journal, safety: null };
    const named = saveNamed(fs, store, root.path, planned.named);
    journal.steps = withSaved(planned.steps, named);
    const mode = (path: Buffer): number => site.modeOf(path) ?? 0o755;
    const tree = graft(store, scan.root, named, mode);
    const facts = around.describe(scan, request.workspace, request.parent);
    const safety = { ...facts, tree, rules: remember(store, facts.rules, planned.forced) };
    for (const { content } of named) {
      safety.files += 1;
      safety.bytes += content.size;
    }
    journal.safety = { tree, rules: safety.rules, skipped: safety.skipped };
    return { journal, safety };
  } finally {
    site.release();
  }
}

/** The steps, with what was really saved as the content that they may replace. */
function withSaved(steps: RestoreJournal["steps"], named: Named[]): RestoreJournal["steps"] {
  if (named.length === 0) return steps;
  const saved = new Map(named.map(({ path, content }) => [path.toString("latin1"), content]));
  return steps.map((step) => {
    const content = saved.get(step.path.toString("latin1"));
    if (content === undefined) return step;
    return step.do === "put" || step.do === "take" ? { ...step, before: content } : step;
  });
}

/** Present folders in which something changes and that we may not write in as they are. */
function closedFolders(site: Site): RestoreJournal["loosened"] {
  const folders = new Map<string, Buffer>();
  for (const step of site.journal.steps) {
    for (const folder of [parentOf(step.path), site.staging.home(step)]) {
      if (step.do !== "chmod") folders.set(folder.toString("latin1"), folder);
    }
  }
  return [...folders.values()].flatMap((path) => {
    const mode = site.modeOf(path);
    return mode === null || (mode & 0o700) === 0o700 ? [] : [{ path, mode }];
  });
}
