// Restores and undos under faults, crashes and edits, as the tests do, only more of it:
//   --cases N  random faults in every step and in recovery, a third with edits (default 2,500)
//   --runs N   random trees restored, undone and redone (default 5,000)
//   --rounds N restores while another process edits the folder (default 400)
//   --harms N  restores amid which another program does what harm it can (default 2,000)
//   --seed N   to repeat a run
import { parseArgs } from "node:util";
import { faults } from "../src/testing/fault-plan.ts";
import { randomOf } from "../src/testing/random.ts";
import { restoreAmidHarm } from "../src/testing/restore-adversary.ts";
import { restoreMeanwhile } from "../src/testing/restore-meanwhile.ts";
import { Trials } from "../src/testing/restore-trials.ts";
import type { Phase } from "../src/testing/restore-trials.ts";
import {
  checkChoices,
  checkRestores,
  checkRestoresAcrossRules,
} from "../src/testing/restore-walk.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string" },
    runs: { type: "string" },
    rounds: { type: "string" },
    harms: { type: "string" },
    seed: { type: "string" },
  },
  strict: false,
});
const cases = Number(values.cases ?? 2500);
const runs = Number(values.runs ?? 5000);
const rounds = Number(values.rounds ?? 400);
const harms = Number(values.harms ?? 2000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
console.log(
  `restore: --cases ${cases} --runs ${runs} --rounds ${rounds} --harms ${harms} --seed ${seed}`,
);

let wrong = 0;
{
  using trials = new Trials();
  const random = randomOf(seed);
  const met = new Map<string, Map<Phase, number>>(faults.map((fault) => [fault, new Map()]));
  for (let i = 0; i < cases; i += 1) {
    const trial = trials.random(random);
    const verdict = trials.run(trial);
    const phases = met.get(trial.fault);
    phases?.set(verdict.phase, (phases.get(verdict.phase) ?? 0) + 1);
    if (verdict.wrong === null) continue;
    wrong += 1;
    console.log(verdict.wrong);
  }
  for (const [fault, phases] of met) {
    const counts = [...phases].map(([phase, count]) => `${phase} ${count}`);
    console.log(`${fault.padEnd(12)} ${counts.toSorted().join(", ")}`);
  }
  console.log(`${cases} cases, ${wrong} wrong`);
}
checkRestores({ runs, seed });
console.log(`${runs} random trees restored, undone and redone`);
checkRestoresAcrossRules({ runs, seed });
console.log(`${runs} random trees under changing rules`);
checkChoices({ runs, seed });
console.log(`${runs} random choices of paths`);
const meanwhile = await restoreMeanwhile(rounds, seed);
console.log(`${rounds} restores beside an editor: ${JSON.stringify(meanwhile)}`);
wrong += meanwhile.lost.length + meanwhile.wrong.length;
for (let i = 0; i < harms; i += 1) {
  for (const what of restoreAmidHarm(seed + i)) {
    wrong += 1;
    console.log(what);
  }
}
console.log(`${harms} restores amid harm`);
if (wrong > 0) process.exitCode = 1;
