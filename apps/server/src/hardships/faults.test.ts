// P6: system calls of a real server fail one after the other: each call is answered in time, with
// its answer or a typed error that left no trace. `CAIRN_SEED=…` repeats a run;
// `npm run torture -- faults` makes 2,000 of them.
import { expect, test } from "vitest";
import { Random, seedOf } from "../simulation/random.ts";
import { faultDrill, refusedOf } from "./fault-drill.ts";
import { hasStrace } from "./syscall-trap.ts";

const seed = seedOf();
const faults = 30;

test.skipIf(!hasStrace())(
  `${faults} failing system calls have no half effect: seed ${seed} (skipped without strace)`,
  async () => {
    // Faults that nobody meets would prove little: it goes on until some are met.
    const tally = await faultDrill(new Random(seed), faults, { met: 3, most: faults * 10 });
    expect(tally.broken).toBeNull();
    expect(refusedOf(tally)).toBeGreaterThanOrEqual(3);
  },
  120_000,
);
