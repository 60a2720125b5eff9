import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { setImmediate } from "node:timers/promises";
import type { Snapshot } from "../runner.ts";
import type { Store } from "../store/store.ts";
import type { CrowdThread } from "./store-crowd-thread.ts";

/**
 * Threads that capture, read and let go of snapshots, each with a store of its own, while this
 * one collects without a pause. Gives what they hold at the end, and how much was collected.
 */
export async function crowd(
  store: Store,
  { threads, rounds, seed }: { threads: number; rounds: number; seed: number },
): Promise<{ held: { pin: string; snapshot: Snapshot }[]; removed: number; rewritten: number }> {
  const ended = Array.from({ length: threads }, async (_, i) => {
    const workerData: CrowdThread = { dir: store.dir, name: `t${i}`, seed: seed + i, rounds };
    const worker = new Worker(new URL("store-crowd-thread.ts", import.meta.url), { workerData });
    const [held] = (await once(worker, "message")) as [{ pin: string; snapshot: Snapshot }[]];
    return held;
  });
  const state = { working: true };
  const all = Promise.all(ended).finally(() => {
    state.working = false;
  });
  // It is waited for below; a thread that breaks ends the loop before.
  all.catch(() => undefined);
  let [removed, rewritten] = [0, 0];
  while (state.working) {
    const collected = store.collect({ max_ms: 3 });
    removed += collected.removed_objects;
    rewritten += collected.rewritten_packs;
    await setImmediate();
  }
  return { held: (await all).flat(), removed, rewritten };
}
