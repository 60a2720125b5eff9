import { createHash } from "node:crypto";
import type { ChangeCounts, FileChange, FileFacts } from "@cairn/shared/files";
import type { GitPosition } from "@cairn/shared/checkpoint";
import type { Plan, PlanRequest } from "../runner.ts";
import { wirePath } from "../scan/paths.ts";
import { parentOf } from "./folders.ts";
import type { Content } from "./content.ts";
import { shape } from "./content.ts";
import type { Step } from "./journal.ts";
import type { Planned } from "./draft.ts";

/** The plan as callers see it. */
export function describePlan(
  request: PlanRequest,
  planned: Planned,
  git: GitPosition | null,
): Plan {
  const changes = changesOf(planned.steps);
  return {
    plan_hash: hashPlan(request, planned),
    counts: count(changes),
    changes,
    blocked: planned.blocked,
    lockfiles: changes.map(({ path }) => path).filter(isLockfile),
    git,
  };
}

/** Target, options, rules and the planned paths' present content: nothing that happens elsewhere. */
function hashPlan({ target, paths, into, rules }: PlanRequest, planned: Planned): string {
  const steps = planned.steps.map((step) => [
    step.do,
    step.path.toString("latin1"),
    "before" in step ? facts(step.before) : step.do === "rmdir" ? step.mode : null,
  ]);
  const blocked = planned.blocked.map(({ path, path_b64, reason }) => [path_b64 ?? path, reason]);
  const options = [paths ?? null, into ?? null, rules.ignore, rules.include];
  const known = [target.tree, target.rules, target.skipped];
  return createHash("sha256")
    .update(JSON.stringify(["cairn plan 1", known, options, steps, blocked]))
    .digest("hex");
}

function facts(before: Content | number | null): unknown {
  if (before === null || typeof before === "number") return before;
  return [shape(before), before.mode, before.hash];
}

type Sides = { path: Buffer; before: Content | null; after: Content | null };

function folder(mode: number): Content {
  return { kind: "directory", mode, size: 0, hash: "" };
}

/** One change a path. A folder is named only where nothing named below it tells of it. */
function changesOf(steps: Step[]): FileChange[] {
  const byPath = new Map<string, Sides>();
  const told = new Set<string>();
  for (const step of steps) {
    const key = step.path.toString("latin1");
    const sides = byPath.get(key) ?? { path: step.path, before: null, after: null };
    byPath.set(key, sides);
    if (step.do === "rmdir") sides.before = folder(step.mode);
    else if (step.do === "mkdir") sides.after = folder(step.mode);
    else if (step.do === "chmod")
      Object.assign(sides, { before: folder(step.before), after: folder(step.after) });
    else {
      sides.before ??= step.before;
      if (step.do === "put") sides.after = step.after;
    }
    for (let at = step.path; at.length > 0;) {
      at = parentOf(at);
      const above = at.toString("latin1");
      if (told.has(above)) break;
      told.add(above);
    }
  }
  return [...byPath]
    .filter(([key, sides]) => !(told.has(key) && isBareFolder(sides)))
    .map(([, sides]) => ({ path: sides.path, change: changeOf(sides) }))
    .toSorted((a, b) => rank(a.change) - rank(b.change) || a.path.compare(b.path))
    .map(({ change }) => change);
}

function isBareFolder({ before, after }: Sides): boolean {
  const only = before ?? after;
  return (before === null || after === null) && only?.kind === "directory";
}

function changeOf({ path, before, after }: Sides): FileChange {
  return {
    ...wirePath(path),
    kind: kindOf(before, after),
    before: wireFacts(before),
    after: wireFacts(after),
  };
}

function kindOf(before: Content | null, after: Content | null): FileChange["kind"] {
  if (before === null) return "added";
  if (after === null) return "removed";
  if (shape(before) !== shape(after)) return "type";
  return before.hash === after.hash ? "mode" : "modified";
}

function wireFacts(content: Content | null): FileFacts | null {
  if (content === null) return null;
  return { ...content, hash: content.hash === "" ? null : content.hash };
}

/** What would be lost comes first. */
function rank({ kind }: FileChange): number {
  return ["removed", "type", "modified", "mode", "added"].indexOf(kind);
}

function count(changes: FileChange[]): ChangeCounts {
  const counts = { added: 0, modified: 0, removed: 0 };
  for (const { kind } of changes) {
    if (kind === "added") counts.added += 1;
    else if (kind === "removed") counts.removed += 1;
    else counts.modified += 1;
  }
  return counts;
}

const lockfiles = new Set([
  "package-lock.json",
  "npm-shrinkwrap.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
  "bun.lockb",
  "deno.lock",
  "Cargo.lock",
  "poetry.lock",
  "uv.lock",
  "pdm.lock",
  "Pipfile.lock",
  "Gemfile.lock",
  "composer.lock",
  "go.sum",
  "mix.lock",
  "pubspec.lock",
  "Podfile.lock",
  "Package.resolved",
  "packages.lock.json",
  "gradle.lockfile",
  "flake.lock",
]);

function isLockfile(path: string): boolean {
  return lockfiles.has(path.slice(path.lastIndexOf("/") + 1));
}
