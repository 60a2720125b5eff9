// Kills the server at random moments and at system calls, as the tests do, only more often:
//   --kills N   how many in all (default 1,000), 50 to a data folder
//   --seed N    to repeat a run
import { parseArgs } from "node:util";
import { killDrill } from "../src/hardships/kill-drill.ts";
import { hasStrace } from "../src/hardships/syscall-trap.ts";
import { Random, seedOf } from "../src/simulation/random.ts";

const { values } = parseArgs({
  options: { kills: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const kills = Number(values.kills ?? 1_000);
const seed = seedOf(typeof values.seed === "string" ? values.seed : undefined);
const random = new Random(seed);
const syscallShare = hasStrace() ? 0.5 : 0;

console.log(`kills: --kills ${kills} --seed ${seed}`);
if (syscallShare === 0) console.log("without strace: none at a system call");
const sums = { kills: 0, atSyscalls: 0, answered: 0, readBack: 0, broken: 0 };
const cut: Record<string, number> = {};
while (sums.kills < kills) {
  const life = random.below(2 ** 31);
  const most = Math.min(50, kills - sums.kills);
  const tally = await killDrill({
    random: new Random(life),
    kills: most,
    syscallShare,
    sample: 2,
    finally: Infinity,
  });
  sums.kills += Math.max(tally.kills, 1);
  sums.atSyscalls += tally.atSyscalls;
  sums.answered += tally.answered;
  sums.readBack += tally.readBack;
  for (const [what, times] of Object.entries(tally.cut)) cut[what] = (cut[what] ?? 0) + times;
  if (tally.broken !== null) {
    sums.broken += 1;
    console.log(`data folder of seed ${life}, kill ${tally.kills}: ${tally.broken}`);
  }
  console.log(`${sums.kills} of ${kills}, ${sums.broken} broken`);
}
console.log(JSON.stringify({ ...sums, cut }));
if (sums.broken > 0) process.exitCode = 1;
