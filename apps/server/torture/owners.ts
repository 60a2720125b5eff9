// Starts two servers at once on one data folder; one of them must own it:
//   --races N   how many times (default 1,000), each with a crash or a stop of the owner
import { parseArgs } from "node:util";
import { raceToOwn } from "../src/hardships/double-start.ts";

const { values } = parseArgs({ options: { races: { type: "string" } }, strict: false });
const races = Number(values.races ?? 1_000);

console.log(`owners: --races ${races}`);
const { wrong } = await raceToOwn(races);
for (const what of wrong) console.log(what);
console.log(`${races} races, ${wrong.length} wrong`);
if (wrong.length > 0) process.exitCode = 1;
