import type { Result } from "@cairn/shared/methods";
import { type ServiceDeps, timestamp } from "./deps.ts";
import type { LongCall } from "./long-calls.ts";

/** How long a slice may take, and what is left to others after it; in ms. */
const sliceMs = 100;
const breathMs = 20;
/** Part of the packs that may be dead before they are collected without being asked. */
const deadShare = 0.2;
/** A store this small is not worth the work; in bytes. */
const leastDead = 1024 * 1024;

type Collected = Omit<Result<"collect">, "operation_id">;

const nothing: Collected = {
  freed_bytes: 0,
  removed_objects: 0,
  rewritten_packs: 0,
  removed_packs: 0,
};

/** Gives back the bytes that nothing names any more: one collection at a time, in slices. */
export class Collector {
  readonly #deps: ServiceDeps;
  readonly #ending = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();
  /** Dead bytes that the last collection left: it is not begun again for those. */
  #left = 0;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /** A collection, after those that were asked for before. */
  collect(call?: LongCall, operation_id?: string): Promise<Collected> {
    const mine = this.#tail.then(async () => await this.#run(call, operation_id));
    this.#tail = mine.catch(() => undefined);
    return mine;
  }

  /** Collects if so much is dead that it is worth it, and no collection has left it so. */
  async collectIfWorth(): Promise<void> {
    const { runner } = this.#deps;
    // What was let go is not counted as dead before a collection has looked for it.
    if ((await runner.waiting()).released > 0) {
      await this.collect();
      return;
    }
    const { dead_bytes, stored_bytes } = await runner.facts();
    if (dead_bytes < leastDead || dead_bytes <= stored_bytes * deadShare) return;
    if (dead_bytes - this.#left < leastDead) return;
    await this.collect();
  }

  async #run(call: LongCall | undefined, operation_id: string | undefined): Promise<Collected> {
    const { runner, store, clock, log } = this.#deps;
    const hooks = call?.hooks("*", operation_id, "collect") ?? { signal: this.#ending.signal };
    const sum = { ...nothing };
    for (;;) {
      call?.check();
      const { done, ...slice } = await runner.collect({ max_ms: sliceMs }, hooks);
      sum.freed_bytes += slice.freed_bytes;
      sum.removed_objects += slice.removed_objects;
      sum.rewritten_packs += slice.rewritten_packs;
      sum.removed_packs += slice.removed_packs;
      if (done) break;
      await new Promise((resolve) => setTimeout(resolve, breathMs));
    }
    this.#left = (await runner.facts()).dead_bytes;
    const at = timestamp(clock);
    await store.transact((tx) => tx.saveUpkeep("last_collection", { at, ...sum }));
    this.#deps.counted?.collected(sum.freed_bytes);
    if (sum.removed_objects > 0 || sum.freed_bytes > 0) log.info(sum, "collected");
    return sum;
  }

  /** Stops what runs without being asked for at its next step, and begins nothing more. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#tail;
  }
}
