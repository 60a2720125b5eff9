// Every event once and in order, or the client is told to load afresh: P9, [EVT3] [SUB1] [SUB4]
// [SUB5] [FIL1] [FIL2] [RPL1] [RPL2] [RPL3] [POS1] [POS2] [POS3] [LOG3].
// `CAIRN_SEED=…` repeats a run; `npm run torture -- realtime` runs many more.
import { expect, test } from "vitest";
import { Random, seedOf } from "./random.ts";
import { simulate } from "./simulation.ts";

const seed = seedOf();
const runs = new Random(seed);

for (let run = 0; run < 4; run += 1) {
  const seed = runs.below(2 ** 31);
  test(`50 disconnects leave no gap and no double: seed ${seed}`, async () => {
    const outcome = await simulate({ seed, disconnects: 50 });
    expect(outcome.broken).toBeNull();
    // A run that did nothing proves nothing.
    expect(outcome.disconnects).toBeGreaterThanOrEqual(50);
    expect(outcome.delivered).toBeGreaterThan(50);
  }, 60_000);
}
