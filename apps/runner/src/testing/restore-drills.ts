import { ProtocolError } from "@cairn/shared/errors";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fs } from "../fs.ts";
import { realFs } from "../fs.ts";
import type { Recovered } from "../runner.ts";
import { Crash, crashingFs, faultingFs, watchedFs } from "./faults.ts";
import type { RestoreCase } from "./restore-case.ts";
import { unlike } from "./restore-case.ts";

/** The state a drill left behind, or a sentence on what was wrong with it. */
export type Verdict = "before" | "after" | { wrong: string };

/** How many calls a whole restore of the case takes. */
export function countCalls(drill: RestoreCase): number {
  let calls = 0;
  const fs = watchedFs(realFs, (call) => {
    calls = call;
  });
  drill.reset();
  drill.site.restore(drill.target, {}, drill.site.restorer({ fs }));
  return calls;
}

/** One restore whose n-th call fails: a typed error and nothing changed, or a whole restore. */
export function failAt(drill: RestoreCase, call: number, code: string): Verdict {
  const { site } = drill;
  const restorer = site.restorer({ fs: faultingFs(realFs, call, code) });
  drill.reset();
  const request = drill.request();
  let expected: "before" | "after" = "before";
  try {
    restorer.prepare(request);
    restorer.apply(request.operation_id);
    expected = "after";
    restorer.settle(request.operation_id);
  } catch (error) {
    if (!(error instanceof ProtocolError)) return { wrong: `untyped: ${String(error)}` };
    if (expected === "before") restorer.abandon(request.operation_id);
    else restorer.recover([request.operation_id]);
  }
  return verdictOf(drill, [expected]);
}

/** One restore that stops at the n-th call, and what recovery makes of it. */
export function crashAt(drill: RestoreCase, call: number, recovery: number[] = []): Verdict {
  const { operation, applied } = crash(drill, call);
  // The server commits the end once `apply` has returned; here it may not have come to that.
  const committed = applied && call % 2 === 0 ? [operation] : [];
  for (const at of recovery) recoverUntil(drill, crashingFs(realFs, at), committed);
  const { allowed, differences } = recover(drill, operation, committed);
  if (differences.length > 0) return { wrong: `reported: ${JSON.stringify(differences)}` };
  return verdictOf(drill, allowed);
}

/** As `crashAt`, and a person writes a file before the restart: it is kept as written. */
export function crashAndEdit(drill: RestoreCase, call: number, path: string): Verdict {
  const { operation } = crash(drill, call);
  try {
    writeFileSync(join(drill.site.workspace, path), "a person's newer work");
  } catch {
    // There is no such folder, or a folder stands there: no edit this time.
    return verdictOf(drill, recover(drill, operation, []).allowed);
  }
  const written = linesOf(drill, path);
  const { allowed } = recover(drill, operation, []);
  if (linesOf(drill, path) !== written) return { wrong: `${path} was not kept` };
  const rest = (lines: string[]): string[] => lines.filter((line) => !isAbout(line, path));
  const now = rest(drill.site.list());
  for (const state of allowed) {
    if (unlike(now, rest(drill[state])).length === 0) return left(drill) ?? state;
  }
  return { wrong: `mixed: ${unlike(now, rest(drill.before)).join()}` };
}

function recover(
  drill: RestoreCase,
  operation: string,
  committed: string[],
): { allowed: ("before" | "after")[]; differences: unknown[] } {
  const recovered = recoverUntil(drill, realFs, committed);
  const allowed = new Set<"before" | "after">();
  for (const { outcome } of recovered) {
    if (outcome !== "unreachable") allowed.add(outcome);
  }
  if (allowed.has("after")) drill.site.restorer().settle(operation);
  return {
    // Without a journal it was not begun, or is settled.
    allowed: recovered.length > 0 ? [...allowed] : ["before", "after"],
    differences: recovered.flatMap(({ differences }) => differences),
  };
}

function linesOf(drill: RestoreCase, path: string): string {
  return drill.site
    .list()
    .filter((line) => line.startsWith(`${path} `))
    .join();
}

/** The path itself, what was below it, or a folder above it that it may keep alive. */
function isAbout(line: string, path: string): boolean {
  if (line.startsWith(`${path} `) || line.startsWith(`${path}/`)) return true;
  const end = line.indexOf("/ ");
  return end > 0 && path.startsWith(line.slice(0, end + 1));
}

function crash(drill: RestoreCase, call: number): { operation: string; applied: boolean } {
  drill.reset();
  const restorer = drill.site.restorer({ fs: crashingFs(realFs, call) });
  const request = drill.request();
  let applied = false;
  try {
    restorer.prepare(request);
    restorer.apply(request.operation_id);
    applied = true;
    restorer.settle(request.operation_id);
  } catch {
    // Whatever a crashing process would have made of it.
  }
  return { operation: request.operation_id, applied };
}

function recoverUntil(drill: RestoreCase, fs: Fs, committed: string[]): Recovered[] {
  try {
    return drill.site.restorer({ fs }).recover(committed);
  } catch (error) {
    if (error instanceof Crash) return [];
    throw error;
  }
}

function verdictOf(drill: RestoreCase, allowed: ("before" | "after")[]): Verdict {
  const state = drill.state();
  if (typeof state !== "string") return { wrong: JSON.stringify(state) };
  if (!allowed.includes(state)) return { wrong: `${state} where ${allowed.join()} was told` };
  return left(drill) ?? state;
}

function left(drill: RestoreCase): Verdict | undefined {
  const journals = drill.site.store.journals.list();
  if (journals.length > 0) return { wrong: `journal left in phase ${journals[0]?.phase}` };
  const staged = drill.site.list().filter((line) => line.includes(".cairn-"));
  if (staged.length > 0) return { wrong: `left over: ${staged.join()}` };
  return undefined;
}
