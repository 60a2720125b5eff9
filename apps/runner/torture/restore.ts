// Restores under every fault, crash and edit, as the tests do, only more of it:
//   --runs N   random trees, and random crashes (default 5,000)
//   --seed N   to repeat a run
import { parseArgs } from "node:util";
import { RestoreCase } from "../src/testing/restore-case.ts";
import type { Verdict } from "../src/testing/restore-drills.ts";
import { countCalls, crashAndEdit, crashAt, failAt } from "../src/testing/restore-drills.ts";
import { checkRestores, checkRestoresAcrossRules } from "../src/testing/restore-walk.ts";

const { values } = parseArgs({
  options: { runs: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const runs = Number(values.runs ?? 5000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const codes = ["EIO", "ENOSPC", "EACCES", "EMFILE", "EROFS", "EDQUOT", "EPERM"];
const edited = ["changed", "was-folder", "was-file", "missing", "missing/one", "missing/new"];
edited.push("added/deep/one", "added/new", "closed/new", "closed/inside", "opened/more");

let state = seed;
/** A whole number from 0 to below `bound`, the same for the same seed. */
function random(bound: number): number {
  // Mulberry32.
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * bound);
}

let wrong = 0;
let cases = 0;
function judge(what: string, verdict: Verdict): void {
  cases += 1;
  if (typeof verdict === "string") return;
  wrong += 1;
  console.log(`${what}: ${verdict.wrong}`);
}

console.log(`restore: --runs ${runs} --seed ${seed}`);
{
  using drill = new RestoreCase();
  const calls = countCalls(drill);
  for (const code of codes) {
    for (let call = 1; call <= calls; call += 1) {
      judge(`${code} at call ${call}`, failAt(drill, call, code));
    }
  }
  console.log(`${cases} faults, ${wrong} wrong`);
  for (let run = 0; run < runs; run += 1) {
    const call = 1 + random(calls);
    const again = Array.from({ length: random(4) }, () => 1 + random(150));
    judge(`crash at ${call}, then ${again.join()}`, crashAt(drill, call, again));
    const path = edited[random(edited.length)] ?? "changed";
    judge(`crash at ${call}, edit of ${path}`, crashAndEdit(drill, call, path));
  }
  console.log(`${cases} faults and crashes, ${wrong} wrong`);
}
checkRestores({ runs, seed });
console.log(`${runs} random trees restored, undone and redone`);
checkRestoresAcrossRules({ runs, seed });
console.log(`${runs} random trees under changing rules`);
if (wrong > 0) process.exitCode = 1;
