// The simulation of clients, links, restarts and trimmed logs, for as long as one likes:
//   --runs N   disconnects in all (default 10,000), in simulations of 100
//   --seed N   to repeat a run
import { parseArgs } from "node:util";
import { Random, seedOf } from "../src/simulation/random.ts";
import { simulate } from "../src/simulation/simulation.ts";

const { values } = parseArgs({
  options: { runs: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const runs = Number(values.runs ?? 10_000);
const seed = seedOf(typeof values.seed === "string" ? values.seed : undefined);
const random = new Random(seed);

console.log(`realtime: --runs ${runs} --seed ${seed}`);
const sums = { disconnects: 0, restarts: 0, commits: 0, delivered: 0, resyncs: 0, broken: 0 };
while (sums.disconnects < runs) {
  const one = await simulate({ seed: random.below(2 ** 31), disconnects: 100 });
  sums.disconnects += one.disconnects;
  sums.restarts += one.restarts;
  sums.commits += one.commits;
  sums.delivered += one.delivered;
  sums.resyncs += one.resyncs;
  if (one.broken === null) continue;
  sums.broken += 1;
  console.log(`simulation of seed ${one.seed}: ${one.broken}`);
}
console.log(JSON.stringify(sums));
if (sums.broken > 0) process.exitCode = 1;
