import { ProtocolError } from "@cairn/shared/errors";
import type { WorkHooks } from "../cancelling.ts";
import type { Collected, CollectRequest } from "../runner.ts";
import { damagedIndex } from "./errors.ts";
import type { Pause } from "./gate.ts";
import { restBetween } from "./gate.ts";
import { Marking } from "./marking.ts";
import type { Reading } from "./reading.ts";
import type { RewritingOptions } from "./rewriting.ts";
import { quickCheck } from "./index-damage.ts";
import { releasedPins, settleReleased } from "./pins.ts";
import { Rewriting } from "./rewriting.ts";
import type { StoreIndex } from "./store-index.ts";
import { Sweeping } from "./sweeping.ts";

/**
 * One collection, in slices: mark what is reachable, take the rest out of the index, then give
 * its bytes back. It may be dropped at any step, and what it did stays right.
 */
export class Collection {
  readonly #steps: Generator<Pause, void>;
  readonly #sweeping: Sweeping;
  readonly #rewriting: Rewriting;
  readonly #index: StoreIndex;
  readonly #released: number;
  #told = { freed: 0, removed: 0, rewritten: 0, packs: 0 };

  constructor(options: RewritingOptions & { reading: Reading }) {
    const { index, gate, reading } = options;
    refuseUnsound(index);
    this.#index = index;
    this.#released = releasedPins(index);
    const marking = new Marking(index.database, reading);
    this.#sweeping = new Sweeping(index, gate, marking);
    this.#rewriting = new Rewriting(options);
    this.#steps = steps(marking, this.#sweeping, this.#rewriting);
  }

  /** What this slice did. */
  run({ max_ms }: CollectRequest, { check }: WorkHooks): Collected {
    const end = max_ms === undefined ? Number.POSITIVE_INFINITY : performance.now() + max_ms;
    try {
      for (;;) {
        check?.();
        const { done, value } = this.#steps.next();
        if (done === true) {
          settleReleased(this.#index, this.#released);
          return this.#since(true);
        }
        const busy = value === "busy";
        if (performance.now() >= end || (busy && max_ms !== undefined)) return this.#since(false);
        if (busy) restBetween();
      }
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** Lets go of what it holds. */
  stop(): void {
    this.#steps.return();
  }

  #since(done: boolean): Collected {
    const before = this.#told;
    const { freed, rewritten, removed: packs } = this.#rewriting;
    this.#told = { freed, removed: this.#sweeping.removed, rewritten, packs };
    return {
      freed_bytes: freed - before.freed,
      removed_objects: this.#told.removed - before.removed,
      rewritten_packs: rewritten - before.rewritten,
      removed_packs: packs - before.packs,
      done,
    };
  }
}

function* steps(
  marking: Marking,
  sweeping: Sweeping,
  rewriting: Rewriting,
): Generator<Pause, void> {
  yield* marking.run();
  yield* sweeping.run();
  yield* rewriting.run();
}

/** What is alive is told by pins and journals alone: without them all would go. */
function refuseUnsound(index: StoreIndex): void {
  if (index.state("pins_lost") !== undefined) {
    throw new ProtocolError(
      "damaged",
      "Nothing is collected: the index was made anew, and which snapshots are kept is not known. Start Cairn again, or run repair.",
    );
  }
  const { database } = index;
  if (!quickCheck(database, "pins") || !quickCheck(database, "journals")) throw damagedIndex();
}
