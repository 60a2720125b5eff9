import { setImmediate as turn } from "node:timers/promises";

/** Runs a generator to its end, and lets others have the thread at each of its pauses. */
export async function breathing<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await turn();
  }
}

/** Lets others have the thread. */
export const breathe: () => Promise<void> = () => turn();
