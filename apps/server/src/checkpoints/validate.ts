import type { Hooks, ValidateResult } from "@cairn/runner/runner";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import { emitUpdated } from "./annotations.ts";
import { breathe } from "./breathe.ts";
import { checksumOf } from "./checksum.ts";
import { commit } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import type { Findings, Problem } from "./findings.ts";
import type { LongCall } from "./long-calls.ts";
import { type Scope, type Subject, subjectsOf } from "./scope.ts";

/** Rows a page, and bytes of their contents: a few ms of the thread. */
const page = { limit: 50, bytes: 256 * 1024 };

export type Validated = Omit<Result<"validate">, "problems" | "next_cursor">;

/** Live checkpoints whose facts are not what they were when they were committed. */
export async function brokenFacts(
  deps: ServiceDeps,
  subjects: readonly Subject[],
  check: () => void,
  { onProgress }: Hooks,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const asked = new Set(subjects.map(({ checkpoint_id }) => checkpoint_id));
  const sessions = new Set(subjects.map(({ session_id }) => session_id));
  let done = 0;
  for (const session_id of sessions) {
    let after = 0;
    for (;;) {
      check();
      const rows = await deps.store.wholeCheckpoints({ session_id, after, ...page });
      const last = rows.at(-1);
      if (last === undefined) break;
      for (const row of rows) {
        if (!asked.has(row.checkpoint_id)) continue;
        done += 1;
        if (checksumOf(row) === row.checksum) continue;
        const { checkpoint_id } = row;
        const problem = "the stored facts do not match their checksum";
        problems.push({ session_id, checkpoint_id, problem });
      }
      onProgress?.({ phase: "read", done, total: asked.size });
      after = last.sequence_number;
      await breathe();
    }
  }
  return problems;
}

/** The runner's problems, with the sessions whose checkpoints they are about. */
export function problemsOf(
  found: ValidateResult["problems"],
  subjects: readonly Subject[],
): Problem[] {
  const sessions = new Map(subjects.map((each) => [each.checkpoint_id, each.session_id]));
  return found.flatMap(({ pin, ...problem }) => {
    const session_id = sessions.get(pin);
    return session_id === undefined ? [] : [{ session_id, checkpoint_id: pin, ...problem }];
  });
}

/** Marks checkpoints as damaged, or as sound again. */
export async function mark(
  deps: ServiceDeps,
  subjects: readonly Subject[],
  broken: ReadonlySet<string>,
  check: () => void,
): Promise<void> {
  for (const { session_id, checkpoint_id, damaged: was } of subjects) {
    const damaged = broken.has(checkpoint_id);
    if (was === damaged) continue;
    check();
    await commit(deps, async (tx, emit) => {
      const row = await tx.checkpoint(session_id, checkpoint_id);
      // Deleted since, or found by another at the same time.
      if (row === null || row.deleted_at !== null || row.damaged === damaged) return;
      await tx.updateCheckpoint(checkpoint_id, { damaged });
      await emitUpdated(deps, tx, emit, session_id, checkpoint_id, "cairn");
    });
  }
}

/** Whether it is about all that the store keeps. */
function isWhole({ session_id }: Scope): boolean {
  return session_id === undefined;
}

/** Checks checksums and stored objects, and marks checkpoints as damaged or sound again. */
export async function validate(
  deps: ServiceDeps,
  findings: Findings<Validated>,
  call: LongCall,
  params: ParsedParams<"validate">,
): Promise<Result<"validate">> {
  const check = (): void => call.check();
  return await findings.page(params, async () => {
    const hooks = call.hooks(params.session_id ?? "*", params.operation_id, "validate");
    const subjects = (await subjectsOf(deps, params, check)).filter(({ live }) => live);
    const problems = await brokenFacts(deps, subjects, check, hooks);
    const snapshots = subjects.flatMap(({ checkpoint_id: pin, snapshot }) =>
      snapshot === null ? [] : [{ pin, snapshot }],
    );
    const deep = params.deep === true;
    const found = await deps.runner.validate({ snapshots, deep }, hooks);
    problems.push(...problemsOf(found.problems, subjects));
    const broken = new Set(problems.map(({ checkpoint_id }) => checkpoint_id));
    await mark(deps, subjects, broken, check);
    const at = timestamp(deps.clock);
    const [valid, invalid] = [subjects.length - broken.size, broken.size];
    if (isWhole(params)) {
      await deps.store.transact((tx) =>
        tx.saveUpkeep("last_validation", { at, deep, valid, invalid }),
      );
    }
    return { facts: { valid, invalid, skipped: 0, checked_at: at }, problems };
  });
}
