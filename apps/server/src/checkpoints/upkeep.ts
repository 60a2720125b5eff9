import type { LiveFacts } from "../sessions/live-facts.ts";
import { Collector } from "./collector.ts";
import type { ServiceDeps } from "./deps.ts";
import type { Lanes } from "./lanes.ts";
import { purgeTrash } from "./purge-trash.ts";
import { retain } from "./retain.ts";

/** From the start to the first look, and between two; in ms. */
const firstMs = 15_000;
const lookMs = 60_000;
const hourMs = 60 * 60 * 1000;

/**
 * What is done without being asked for: compaction by policy, the trash after its days, and
 * collection. One thing at a time, and nothing that holds up calls.
 */
export class Upkeep {
  readonly collector: Collector;
  readonly #deps: ServiceDeps;
  readonly #lanes: Lanes;
  readonly #live: LiveFacts;
  #timer: NodeJS.Timeout | undefined;
  #tail: Promise<void> = Promise.resolve();
  #ending = false;
  /** In steady time; what is due once an hour is due at the first look. */
  #lastHourly = Number.NEGATIVE_INFINITY;
  /** Bytes were let go of since the last collection. */
  #released = false;

  constructor(deps: ServiceDeps, lanes: Lanes, live: LiveFacts) {
    this.#deps = deps;
    this.#lanes = lanes;
    this.#live = live;
    this.collector = new Collector(deps);
    this.#lookIn(firstMs);
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => {
      void this.run().finally(() => {
        if (!this.#ending) this.#lookIn(lookMs);
      });
    }, ms).unref();
  }

  /** Something was deleted for good: worth a collection at the next look. */
  released(): void {
    this.#released = true;
  }

  /** Does what is due now, after what was begun before. */
  run(): Promise<void> {
    this.#tail = this.#tail.then(async () => {
      await this.#try("compaction by policy", () => this.#retain());
      const now = this.#deps.steady.now();
      if (now - this.#lastHourly >= hourMs) {
        this.#lastHourly = now;
        await this.#try("purge of the trash", () => this.#purge());
        await this.#try("collection", () => this.collector.collectIfWorth());
      }
      if (!this.#released || this.#ending) return;
      this.#released = false;
      await this.#try("collection", () => this.collector.collectIfWorth());
    });
    return this.#tail;
  }

  /** What a policy asks for is looked at now: it was set just now. */
  lookAtPolicies(): Promise<void> {
    this.#tail = this.#tail.then(() =>
      this.#try("compaction by policy", async () => await this.#retain()),
    );
    return this.#tail;
  }

  async #retain(): Promise<void> {
    const isEnding = (): boolean => this.#ending;
    await retain({ deps: this.#deps, lanes: this.#lanes, live: this.#live, isEnding });
  }

  async #purge(): Promise<void> {
    const { store, steady, log } = this.#deps;
    await store.transact((tx) => steady.save(tx));
    const purged = await purgeTrash(this.#deps, () => this.#ending);
    if (purged === 0) return;
    this.#deps.counted?.purged(purged);
    log.info({ purged }, "purged what was in the trash for seven days");
    this.#released = true;
  }

  /** What fails is tried again at a later look, and keeps nothing else from being done. */
  async #try(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#ending) return;
    try {
      await work();
    } catch (error) {
      if (!this.#ending) this.#deps.log.warn({ err: error }, `${what} failed`);
    }
  }

  /** Ends what is at work at its next step, and begins nothing more. */
  async close(): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#timer);
    await this.collector.close();
    await this.#tail;
  }
}
