import { ProtocolError } from "@cairn/shared/errors";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PrepareRequest, Snapshot } from "../runner.ts";
import type { Fault } from "./fault-plan.ts";
import { FaultPlan, faults } from "./fault-plan.ts";
import { RestoreCase, unlike } from "./restore-case.ts";
import type { randomOf } from "./random.ts";

export type Phase = "prepare" | "apply" | "settle" | "recover";

/** One way in which a restore, or the undo of one, can go wrong. */
interface Trial {
  kind: "restore" | "undo";
  fault: Fault;
  /** Which call of it. */
  at: number;
  /** What happens to the first attempts to recover from it. */
  recovery: { fault: Fault; at: number }[];
  /** What a person writes before each of them. */
  edit: string | null;
}

export interface Verdict {
  phase: Phase;
  state: "before" | "after";
  wrong: string | null;
}

const edited = [
  ...(["changed", "was-folder", "was-file", "missing", "missing/one", "missing/new"] as const),
  ...(["added/deep/one", "added/new", "closed/new", "closed/inside", "opened/more"] as const),
] as const;
const written = "a person's newer work";
const hash = createHash("sha256").update(written).digest("hex");

/** Restores and undoes the same two states again and again, each time with another fault. */
export class Trials {
  readonly #case = new RestoreCase();
  readonly #back: Snapshot;
  /** Calls that a whole one takes. */
  readonly calls: { restore: number; undo: number };

  constructor() {
    this.#case.reset();
    this.#back = this.#case.site.restore(this.#case.target).safety;
    this.calls = { restore: this.#count("restore"), undo: this.#count("undo") };
  }

  [Symbol.dispose](): void {
    this.#case[Symbol.dispose]();
  }

  random(below: ReturnType<typeof randomOf>): Trial {
    const pick = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0];
    const kind = pick(["restore", "undo"] as const);
    const recovery = Array.from({ length: below(3) }, () => ({
      fault: pick(faults),
      at: 1 + below(120),
    }));
    return {
      kind,
      fault: pick(faults),
      at: 1 + below(this.calls[kind]),
      recovery,
      edit: below(3) === 0 ? pick(edited) : null,
    };
  }

  run(trial: Trial): Verdict {
    const { site } = this.#case;
    const request = this.#begin(trial.kind);
    const pins = new Set(site.pins());
    const disk = new FaultPlan(trial.at, trial.fault);
    const attempt = new Attempt(this.#case, request, disk);
    const verdict = { phase: attempt.phase, state: attempt.end() };
    const judged = (wrong: string | null): Verdict => ({
      ...verdict,
      phase: attempt.phase,
      wrong: wrong && `${JSON.stringify(trial)}, ${attempt.phase}, ${disk.struck}: ${wrong}`,
    });
    if (attempt.wrong !== null) return judged(attempt.wrong);
    const cut = site.store.journals.list().length > 0;
    if (disk.crashed) site.reopen();
    const kept = cut && trial.edit !== null && this.#write(trial.edit) ? trial.edit : null;
    if (cut) {
      for (const { fault, at } of trial.recovery) {
        const broken = new FaultPlan(at, fault);
        const untyped = this.#recover(broken, attempt.committed);
        if (untyped !== null) return judged(untyped);
        if (broken.struck !== undefined) attempt.phase = "recover";
        if (broken.crashed) site.reopen();
        else if (broken.open > 0) return judged(`${broken.open} descriptors left open`);
      }
      for (const { operation_id, outcome, differences } of site
        .restorer()
        .recover(attempt.committed)) {
        if (outcome === "unreachable") return judged(differences[0]?.detail ?? "unreachable");
        if (kept === null && differences.length > 0) return judged(JSON.stringify(differences));
        verdict.state = outcome;
        if (outcome === "after") site.restorer().settle(operation_id);
      }
    }
    // A call that failed held nothing; what a crash left under the checkpoint's id is the server's.
    const own = attempt.phase === "prepare" && !disk.crashed ? undefined : request.safety_pin;
    const leaked = site.pins().filter((pin) => !pins.has(pin) && pin !== own);
    if (leaked.length > 0) return judged(`pinned: ${leaked.join()}`);
    site.store.unpin([request.safety_pin ?? ""]);
    return judged(this.#wrongWith(trial, verdict.state, kept));
  }

  #begin(kind: Trial["kind"]): PrepareRequest {
    const { site, target } = this.#case;
    this.#case.reset();
    if (kind === "undo") site.restore(target);
    const to = kind === "undo" ? this.#back : target;
    return site.request(to);
  }

  #count(kind: Trial["kind"]): number {
    const disk = new FaultPlan();
    const attempt = new Attempt(this.#case, this.#begin(kind), disk);
    const wrong = attempt.wrong ?? this.#wrongWith({ kind }, attempt.end(), null);
    if (wrong !== null) throw new Error(`without any fault: ${wrong}`);
    return disk.calls;
  }

  /** A recovery that meets a fault; what it could not do is left for the next one. */
  #recover(disk: FaultPlan, committed: string[]): string | null {
    try {
      this.#case.site.restorer({}, disk).recover(committed);
      return null;
    } catch (error) {
      return disk.crashed ? null : wrongWith(error);
    }
  }

  /** False where no file can be written: there is no such folder, or a folder stands there. */
  #write(path: string): boolean {
    try {
      writeFileSync(join(this.#case.site.workspace, path), written);
      return true;
    } catch {
      return false;
    }
  }

  #wrongWith(
    { kind }: Pick<Trial, "kind">,
    state: "before" | "after",
    kept: string | null,
  ): string | null {
    const { site } = this.#case;
    const [before, after] =
      kind === "restore"
        ? [this.#case.before, this.#case.after]
        : [this.#case.after, this.#case.before];
    const journals = site.store.journals.list();
    if (journals.length > 0) return `journal left in phase ${journals[0]?.phase}`;
    const now = site.list();
    const staged = now.filter((line) => line.includes(".cairn-"));
    if (staged.length > 0) return `left over: ${staged.join()}`;
    const rest = (lines: string[]): string[] =>
      kept === null ? lines : lines.filter((line) => !isAbout(line, kept));
    const lines = unlike(rest(now), rest(state === "before" ? before : after));
    if (lines.length > 0) return `not ${state}: ${lines.join()}`;
    if (kept !== null && !holds(now, kept)) return `${kept} was not kept as written`;
    return null;
  }
}

/** What a server does for a restore, with what it is told. */
class Attempt {
  phase: Phase = "prepare";
  wrong: string | null = null;
  committed: string[] = [];

  constructor({ site }: RestoreCase, request: PrepareRequest, disk: FaultPlan) {
    const { operation_id } = request;
    const restorer = site.restorer({}, disk);
    try {
      restorer.prepare(request);
      this.phase = "apply";
      const { differences } = restorer.apply(operation_id);
      this.phase = "settle";
      if (differences.length > 0) this.wrong = JSON.stringify(differences);
      // After a crash the server may have come to commit the end, or not.
      this.committed = disk.calls % 2 === 0 ? [operation_id] : [];
      restorer.settle(operation_id);
    } catch (error) {
      if (disk.crashed) return;
      this.wrong = wrongWith(error);
      // The server goes on, so it has committed the end; what is left is tidied at its next start.
      if (this.phase === "settle") this.committed = [operation_id];
      else restorer.abandon(operation_id);
    }
    if (disk.open !== 0) this.wrong ??= `${disk.open} descriptors left open`;
  }

  /** Which state the caller was told of. */
  end(): "before" | "after" {
    return this.phase === "settle" ? "after" : "before";
  }
}

function wrongWith(error: unknown): string | null {
  if (!(error instanceof ProtocolError)) return `untyped: ${String(error)}`;
  const known = ["store_full", "workspace_unavailable", "limit_reached", "internal", "damaged"];
  if (!known.includes(error.code)) return `${error.code}: ${error.message}`;
  return error.message.length < 30 ? `says nothing: ${error.message}` : null;
}

/** The path itself, what was below it, or a folder above it that it may keep alive. */
function isAbout(line: string, path: string): boolean {
  if (line.startsWith(`${path} `) || line.startsWith(`${path}/`)) return true;
  const end = line.indexOf("/ ");
  return end > 0 && path.startsWith(line.slice(0, end + 1));
}

function holds(now: string[], path: string): boolean {
  return now.some((line) => line.startsWith(`${path} file `) && line.endsWith(hash));
}
