// Makes system calls of a running server fail, one call of a client after the other:
//   --faults N   how many (default 2,000), 50 to a data folder
//   --seed N     to repeat a run
import { parseArgs } from "node:util";
import { faultDrill } from "../src/hardships/fault-drill.ts";
import { hasStrace } from "../src/hardships/syscall-trap.ts";
import { Random, seedOf } from "../src/simulation/random.ts";

const { values } = parseArgs({
  options: { faults: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const faults = Number(values.faults ?? 2_000);
const seed = seedOf(typeof values.seed === "string" ? values.seed : undefined);
const random = new Random(seed);
const sums = { faults: 0, answered: 0, broken: 0 };
const refused: Record<string, number> = {};

console.log(`faults: --faults ${faults} --seed ${seed}`);
const wanted = hasStrace() ? faults : 0;
if (wanted === 0) console.log("NOT RUN: there is no strace here, or it may trace nothing");
while (sums.faults < wanted) {
  const life = random.below(2 ** 31);
  const tally = await faultDrill(new Random(life), Math.min(50, wanted - sums.faults));
  sums.faults += Math.max(1, tally.faults);
  sums.answered += tally.answered;
  for (const [what, times] of Object.entries(tally.refused)) {
    refused[what] = (refused[what] ?? 0) + times;
  }
  if (tally.broken !== null) {
    sums.broken += 1;
    console.log(`data folder of seed ${life}: ${tally.broken}`);
  }
  console.log(`${sums.faults} of ${wanted}, ${sums.broken} broken`);
}
console.log(JSON.stringify({ ...sums, refused }));
if (sums.broken > 0) process.exitCode = 1;
