// Scans with a cache against scans without, after random edits, as the test does, only more of it:
//   --runs N   random folders edited and scanned two to four times each (default 20,000)
//   --seed N   to repeat a run
import { parseArgs } from "node:util";
import { checkCachedScans } from "../src/testing/scan-trial.ts";

const { values } = parseArgs({
  options: { runs: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const runs = Number(values.runs ?? 20_000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
console.log(`scan: --runs ${runs} --seed ${seed}`);
const { cached, fresh } = checkCachedScans({ runs, seed });
console.log(
  `${runs} runs alike; folders listed and files read: ${cached} with a cache, ${fresh} without`,
);
