// Random histories of checkpoints, restores, deletes, compactions and set clocks beside a model:
//   --runs N   histories (default 1,000)
//   --seed N   to repeat a run
import { parseArgs } from "node:util";
import { Random, seedOf } from "../src/simulation/random.ts";
import { excess, leaked, RetentionTrial } from "../src/testing/retention-trial.ts";
import { memoryFolder, startTestService } from "../src/testing/service.ts";

const { values } = parseArgs({
  options: { runs: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const runs = Number(values.runs ?? 1_000);
const seed = seedOf(typeof values.seed === "string" ? values.seed : undefined);
const random = new Random(seed);

console.log(`retention: --runs ${runs} --seed ${seed}`);
const sums = { histories: 0, broken: 0, excess: 0, leaked: 0, warnings: 0 };
while (sums.histories < runs) {
  // A fresh store now and then, so that what leaks is found while its histories are few.
  const cairn = await startTestService(memoryFolder);
  const folder = await cairn.folder();
  const trials: RetentionTrial[] = [];
  const end = Math.min(runs, sums.histories + 50);
  for (; sums.histories < end; sums.histories += 1) {
    const trial = new RetentionTrial(cairn, random.fork());
    trials.push(trial);
    const broken = await trial.run(folder, 20);
    if (broken === null) continue;
    sums.broken += 1;
    console.log(`history ${sums.histories}: ${broken}`);
  }
  sums.excess += await excess(cairn, trials);
  sums.leaked += await leaked(cairn);
  sums.warnings += cairn.warnings.length;
  for (const warning of cairn.warnings) console.log(warning);
  await cairn.stop();
}
console.log(JSON.stringify(sums));
if (sums.broken + Math.abs(sums.excess) + sums.leaked + sums.warnings > 0) process.exitCode = 1;
