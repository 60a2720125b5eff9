import { ProtocolError } from "@cairn/shared/errors";
import type { Difference } from "@cairn/shared/files";
import type { WorkHooks } from "../cancelling.ts";
import type { Fs } from "../fs.ts";
import type {
  Applied,
  Plan,
  PlanRequest,
  Prepared,
  PrepareRequest,
  Recovered,
  Snapshot,
} from "../runner.ts";
import type { IgnoredMatcher } from "../scan/scan.ts";
import { loadRules } from "../scan/scan.ts";
import type { Journals } from "../store/journals.ts";
import type { ObjectStore } from "../store/objects.ts";
import { applySteps, nothingSound } from "./apply.ts";
import type { Planned } from "./draft.ts";
import { failure } from "./failures.ts";
import type { RestoreJournal } from "./journal.ts";
import { decodeJournal } from "./journal.ts";
import type { Preparation, Surroundings } from "./preparation.ts";
import { prepareJournal, readPreparation, withoutLimits } from "./preparation.ts";
import { Resolution } from "./resolution.ts";
import { enterNewRoot, enterRoot, requireInPlace } from "./root.ts";
import { unlessDamaged } from "./sides.ts";
import { Site } from "./site.ts";
import { findCopyDifferences, findDifferences } from "./verify.ts";

/** What tests put in the place of the machine. */
export interface RestorePorts {
  fs: Fs;
  /** Called when a phase is durable, and as `applying:<n>` after each step. */
  onPhase?: (phase: string) => void;
}

export interface RestorerOptions extends Surroundings {
  store: ObjectStore;
  journals: Journals;
  ports: RestorePorts;
}

const attempts = 3;
/** Files that were looked at no longer ago, and that the restore leaves, are not looked at again. */
const recentMs = 2000;

/**
 * Restores workspaces. Synchronous, for a worker thread; whoever calls it holds the workspace's
 * lock from `prepare` to `settle` or `abandon`.
 */
export class Restorer {
  readonly #options: RestorerOptions;
  readonly #fs: Fs;
  readonly #store: ObjectStore;
  readonly #journals: Journals;
  readonly #resolution: Resolution;
  /** The latest scan for a restore, and when it began. */
  #scanned: { operation: string; root: string; at: number } | undefined;

  constructor(options: RestorerOptions) {
    this.#options = options;
    this.#fs = options.ports.fs;
    this.#store = options.store;
    this.#journals = options.journals;
    this.#resolution = new Resolution(this.#fs, this.#store, this.#journals, (phase) =>
      this.#reached(phase),
    );
  }

  plan(request: PlanRequest, hooks: WorkHooks = {}): Plan {
    return this.#read(request, false, hooks).plan;
  }

  /** Takes the safety snapshot and writes the journal. Without both, nothing is held or pinned. */
  prepare(request: PrepareRequest, hooks: WorkHooks = {}): Prepared {
    if (this.#journals.get(request.operation_id) !== undefined) {
      throw new ProtocolError("internal", "This restore was prepared already.");
    }
    const at = performance.now();
    const preparation = this.#read(request, true, hooks);
    const { plan, scan } = preparation;
    const operation = request.operation_id;
    this.#scanned = scan === null ? undefined : { operation, root: scan.root, at };
    if (request.plan_hash !== undefined && request.plan_hash !== plan.plan_hash) {
      throw new ProtocolError(
        "workspace_changed",
        "The files that this restore would change were changed since it was planned. Look at the new plan and confirm it.",
        { details: { plan } },
      );
    }
    refuseDamaged(preparation.planned);
    hooks.check?.();
    const { journal, safety } = this.#guard("Nothing was changed.", () =>
      prepareJournal(this.#options, this.#fs, this.#store, request, preparation),
    );
    const pins = request.safety_pin === undefined || safety === null ? [] : [request.safety_pin];
    try {
      const [pin] = pins;
      if (pin !== undefined && journal.safety !== null) {
        this.#store.commit({ pin, snapshot: journal.safety });
      }
      this.#resolution.put(journal, "prepared");
    } catch (error) {
      this.#store.unpin(pins);
      throw failure(error, "Nothing was changed.");
    }
    this.#reached("prepared");
    return { plan, safety };
  }

  /** Carries the plan out and verifies it. When it throws, the folder is as before. */
  apply(operationId: string, hooks: WorkHooks = {}): Applied {
    const journal = this.#journal(operationId);
    if (journal?.phase !== "prepared") {
      throw new ProtocolError(
        "operation_not_found",
        "No restore is prepared under this operation.",
      );
    }
    const site = new Site(this.#fs, this.#store, journal);
    try {
      const { steps, root } = journal;
      if (root.existed) enterRoot(site);
      this.#resolution.put(journal, "applying");
      this.#reached("applying");
      if (!root.existed) {
        enterNewRoot(site);
        this.#resolution.put(journal, "applying");
      }
      hooks.onProgress?.({ phase: "apply", done: 0, total: steps.length });
      const onStep = (index: number): void => {
        this.#reached(`applying:${index}`);
        hooks.onProgress?.({ phase: "apply", done: index + 1, total: steps.length });
      };
      const differences = applySteps(site, onStep, hooks.check);
      journal.differences = this.#verify(site, differences, hooks);
      requireInPlace(site);
      // The last moment at which it can be cancelled.
      hooks.check?.();
      this.#resolution.put(journal, "applied");
    } catch (error) {
      throw this.#takeBack(site, error);
    } finally {
      site.release();
    }
    this.#reached("applied");
    const { differences } = journal;
    const whole = differences.length === 0;
    return { status: whole ? "restored" : "restored_with_differences", differences };
  }

  /** Drops what was set aside; a folder out of reach is tidied when it is back. May be repeated. */
  settle(operationId: string): void {
    const journal = this.#journal(operationId);
    if (journal === undefined) return;
    if (journal.phase !== "applied" && journal.phase !== "settling") {
      throw new ProtocolError(
        "internal",
        "This restore was not carried out, so it cannot be settled.",
      );
    }
    this.#guard("The restore itself is complete; Cairn tidies up when it starts next.", () =>
      this.#resolution.settle(journal),
    );
  }

  /** Takes back what was applied, if anything was, and forgets the operation. May be repeated. */
  abandon(operationId: string): void {
    const journal = this.#journal(operationId);
    if (journal === undefined) return;
    this.#guard("Cairn finishes it when it starts next.", () => {
      if (journal.phase === "prepared") this.#journals.delete(operationId);
      else if (journal.phase === "settling") this.#resolution.settle(journal);
      else this.#resolution.rollBack(journal);
    });
  }

  /** Resolves every journal that a crash left. Those that cannot be resolved now are kept. */
  recover(committed: string[]): Recovered[] {
    return this.#journals.list().map(({ operation_id, data }): Recovered => {
      try {
        const journal = decodeJournal(data);
        return {
          operation_id,
          ...this.#resolution.resolve(journal, committed.includes(operation_id)),
        };
      } catch (error) {
        const { message } = failure(
          error,
          "The unfinished restore is kept until it can be resolved.",
        );
        return {
          operation_id,
          outcome: "unreachable",
          differences: [{ path: "", reason: "failed", detail: message }],
        };
      }
    });
  }

  /** The error to throw once a failed restore is taken back. */
  #takeBack(site: Site, cause: unknown): ProtocolError {
    const isBegun = site.journal.phase !== "prepared";
    for (let left = attempts; left > 0; left -= 1) {
      try {
        const changed = this.#resolution.rollBack(site.journal, site).length > 0;
        return failure(
          cause,
          changed
            ? "What it had done was taken back; files that were written meanwhile were left alone."
            : isBegun
              ? "The folder is as it was before."
              : "Nothing was changed.",
        );
      } catch {
        // What it met was most likely what stopped the restore: the cause says more.
      }
    }
    return failure(cause, "It could not be taken back either: Cairn does so when it starts next.");
  }

  #verify(site: Site, met: Difference[], hooks: WorkHooks): Difference[] {
    const { journal } = site;
    const reported = [...journal.differences, ...met];
    if (journal.safety === null) return [...reported, ...findCopyDifferences(site)];
    const since = this.#recentRoot(journal.operation_id);
    const now = this.#options.scan({
      workspace: journal.root.path.toString(),
      ...(since !== undefined && { since }),
      rules: withoutLimits(journal.rules),
      store: false,
      ...hooks,
      onProgress: (progress) => hooks.onProgress?.({ ...progress, phase: "verify" }),
    });
    const rules = (snapshot: Snapshot): IgnoredMatcher =>
      unlessDamaged(() => loadRules(this.#store, snapshot.rules)) ?? (() => false);
    const [ignoredBefore, ignoredByTarget] = [rules(journal.safety), rules(journal.target)];
    return [
      ...reported,
      ...findDifferences(site, { now, ignoredBefore, ignoredByTarget, reported }),
    ];
  }

  #recentRoot(operationId: string): string | undefined {
    const scanned = this.#scanned;
    if (scanned?.operation !== operationId) return undefined;
    return performance.now() - scanned.at < recentMs ? scanned.root : undefined;
  }

  #read(request: PlanRequest, store: boolean, hooks: WorkHooks): Preparation {
    return this.#guard("Nothing was changed.", () =>
      readPreparation(this.#options, this.#fs, this.#store, request, store, hooks),
    );
  }

  #guard<T>(state: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof ProtocolError ? error : failure(error, state);
    }
  }

  #journal(operationId: string): RestoreJournal | undefined {
    const found = this.#journals.get(operationId);
    return found && decodeJournal(found.data);
  }

  #reached(phase: string): void {
    this.#options.ports.onPhase?.(phase);
  }
}

/** Where damage leaves nothing to do, a restore would only look as if it had done something. */
function refuseDamaged({ steps, blocked }: Planned): void {
  const damaged = blocked.filter(({ reason }) => reason === "damaged");
  if (steps.length === 0 && damaged.length > 0) throw nothingSound(damaged.map(({ path }) => path));
}
