import { readFileSync } from "node:fs";
import os from "node:os";
import * as z from "zod/mini";
import type { Reads, Tx } from "../storage/store.ts";

const minuteMs = 60 * 1000;
const dayMs = 24 * 60 * minuteMs;
const name = "steady_time";
/** Jumps of the clock that are remembered: older ones count as the oldest of these. */
const marksKept = 1_000;

/** What passes whatever somebody does to the clock. */
export interface Uptime {
  /** Milliseconds since the machine started, those in which it slept included. */
  now(): number;
  /** Another after each start of the machine; null where that cannot be known. */
  boot: string | null;
}

function bootId(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null;
  }
}

export function realUptime(): Uptime {
  return { now: () => os.uptime() * 1000, boot: bootId() };
}

const State = z.object({
  steady: z.number(),
  /** Time of which only the clock says that it passed, beyond a day at a time. */
  unproven: z.number(),
  wall: z.number(),
  uptime: z.number(),
  boot: z.nullable(z.string()),
  /** How far the clock was ahead of steady time, from a sequence number on. */
  marks: z.array(z.object({ from: z.number(), ahead: z.number() })),
});
type State = z.infer<typeof State>;

/**
 * Time by which ages are told: it starts as the clock's and then goes on as the machine's uptime
 * does, so that a clock that is set forward or back makes nothing older or younger. Over a start of
 * the machine only the clock knows how long it was off: that is believed for ages, but no more than
 * a day of it counts before anything is deleted for good.
 */
export class SteadyTime {
  readonly #clock: () => number;
  readonly #uptime: Uptime;
  readonly #state: State;
  #needsSaving: boolean;

  private constructor(clock: () => number, uptime: Uptime, saved: State | null) {
    this.#clock = clock;
    // Whole ones: these are kept.
    this.#uptime = { now: () => Math.floor(uptime.now()), boot: uptime.boot };
    const wall = clock();
    const { boot } = uptime;
    const now = { wall, uptime: this.#uptime.now(), boot };
    this.#needsSaving = true;
    if (saved === null) {
      this.#state = { ...now, steady: wall, unproven: 0, marks: [{ from: 0, ahead: 0 }] };
      return;
    }
    this.#state = saved;
    const isSameBoot = boot !== null && boot === saved.boot && now.uptime >= saved.uptime;
    if (isSameBoot) {
      this.#pass();
      return;
    }
    const off = Math.max(0, wall - saved.wall);
    saved.steady += off;
    saved.unproven += Math.max(0, off - dayMs);
    Object.assign(saved, now);
  }

  /** From where it stood when it was last saved. */
  static async open(store: Reads, clock: () => number, uptime: Uptime): Promise<SteadyTime> {
    const saved = z.safeParse(State, await store.upkeep(name));
    return new SteadyTime(clock, uptime, saved.success ? saved.data : null);
  }

  #pass(): void {
    const uptime = this.#uptime.now();
    this.#state.steady += Math.max(0, uptime - this.#state.uptime);
    this.#state.uptime = uptime;
    this.#state.wall = this.#clock();
    this.#state.boot = this.#uptime.boot;
  }

  /** Now, in steady milliseconds. */
  now(): number {
    this.#pass();
    return this.#state.steady;
  }

  /** As `now`, without time of which only the clock says that it passed. */
  proven(): number {
    return this.now() - this.#state.unproven;
  }

  /** What the clock will show at a steady time, should nobody set it. */
  toWall(steady: number): number {
    return this.#clock() + steady - this.now();
  }

  /** When a checkpoint was made, in steady milliseconds. */
  madeAt(checkpoint: { created_at: string; sequence_number: number }): number {
    const { created_at, sequence_number } = checkpoint;
    const mark = this.#state.marks.findLast(({ from }) => from <= sequence_number);
    return Date.parse(created_at) - (mark?.ahead ?? 0);
  }

  /** To be told of each new checkpoint in its transaction: remembers if the clock was set. */
  async notice(tx: Tx, sequence_number: number): Promise<void> {
    const steady = this.now();
    const ahead = this.#state.wall - steady;
    const { marks } = this.#state;
    if (Math.abs(ahead - (marks.at(-1)?.ahead ?? 0)) > minuteMs) {
      marks.push({ from: sequence_number, ahead });
      if (marks.length > marksKept) marks.shift();
      this.#needsSaving = true;
    }
    if (!this.#needsSaving) return;
    await this.save(tx);
    this.#needsSaving = false;
  }

  async save(tx: Tx): Promise<void> {
    this.#pass();
    await tx.saveUpkeep(name, this.#state);
  }
}
