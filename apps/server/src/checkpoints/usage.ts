import { ProtocolError } from "@cairn/shared/errors";
import type { SessionRow } from "../storage/store.ts";
import type { ServiceDeps } from "./deps.ts";
import { outlinePages } from "./outlines.ts";

/** How long figures are shown before they are made anew; in ms. */
const freshMs = 60_000;

interface Figures {
  at: number;
  /** Bytes of the store when these were made. */
  stored: number;
  bytes: ReadonlyMap<string, number>;
}

/**
 * What each session alone keeps in the store: what would be given back without it. To know it the
 * folders of all checkpoints are walked, which takes a while in a large store: figures are kept,
 * and made by one walk at a time.
 */
export class Usage {
  readonly #deps: ServiceDeps;
  readonly #onRefused: () => void;
  #figures: Figures | undefined;
  #walk: Promise<Figures> | undefined;
  readonly #ending = new AbortController();

  /** `onRefused`: what was stored of a refused checkpoint can be collected. */
  constructor(deps: ServiceDeps, onRefused: () => void) {
    this.#deps = deps;
    this.#onRefused = onRefused;
  }

  /** At most a minute old. */
  async bySession(): Promise<ReadonlyMap<string, number>> {
    const known = this.#figures;
    if (known !== undefined && performance.now() - known.at < freshMs) return known.bytes;
    return (await this.#measure()).bytes;
  }

  /**
   * Refuses what has just been captured under `pin`, if the session keeps more than its limit with
   * it. What it kept before, and all that has come into the store since, is the most it can be: only
   * where that is too much is it measured.
   */
  async refuseOver(session: SessionRow, pin: string): Promise<void> {
    const limit = session.settings.limits.store_bytes;
    if (limit === null) return;
    const { stored_bytes } = await this.#deps.runner.facts();
    const known = this.#figures;
    if (known !== undefined) {
      const grown = Math.max(0, stored_bytes - known.stored);
      if ((known.bytes.get(session.session_id) ?? 0) + grown <= limit) return;
    } else if (stored_bytes <= limit) return;
    const { bytes } = await this.#measure({ session_id: session.session_id, pin });
    const used = bytes.get(session.session_id) ?? 0;
    if (used <= limit) return;
    this.#onRefused();
    throw new ProtocolError(
      "store_full",
      `With this checkpoint "${session.name}" alone would keep ${used} bytes of the store, and its ` +
        `limit is ${limit}. Delete checkpoints for good, those in the trash too, or raise ` +
        "limits.store_bytes. Restore and undo still work.",
      { details: { limit: "store_bytes", limit_bytes: limit, used_bytes: used } },
    );
  }

  /** Ends a walk at its next step. */
  close(): void {
    this.#ending.abort();
  }

  async #measure(more?: { session_id: string; pin: string }): Promise<Figures> {
    // One that is at work may have missed what came last.
    while (this.#walk !== undefined) await this.#walk.catch(() => undefined);
    this.#walk = this.#make(more);
    try {
      this.#figures = await this.#walk;
      return this.#figures;
    } finally {
      this.#walk = undefined;
    }
  }

  async #make(more?: { session_id: string; pin: string }): Promise<Figures> {
    const { runner, store } = this.#deps;
    const pins = new Map<string, string[]>();
    const add = (session_id: string, pin: string): void => {
      const known = pins.get(session_id);
      if (known === undefined) pins.set(session_id, [pin]);
      else known.push(pin);
    };
    for await (const page of outlinePages(store, "all")) {
      for (const { session_id, checkpoint_id, purged_at, tree } of page) {
        if (purged_at === null && tree !== null) add(session_id, checkpoint_id);
      }
    }
    if (more !== undefined) add(more.session_id, more.pin);
    const { stored_bytes: stored } = await runner.facts();
    const groups = [...pins].map(([id, own]) => ({ id, pins: own }));
    const used = await runner.usage({ groups }, { signal: this.#ending.signal });
    const bytes = new Map(used.map(({ id, bytes }) => [id, bytes]));
    return { at: performance.now(), stored, bytes };
  }
}
