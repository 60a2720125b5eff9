// Sets the clock of a server by days and years, and leaves it the time to look at everything:
//   --wait MS   after each jump (default 20,000)
import { parseArgs } from "node:util";
import { clockDrill } from "../src/hardships/clock-drill.ts";

const { values } = parseArgs({ options: { wait: { type: "string" } }, strict: false });
const waitMs = Number(values.wait ?? 20_000);
const days = [1, 8, 400, 4000, -1, -800, 30, 0];

console.log(`clock: --wait ${waitMs}, ${days.length} jumps: ${days.join(", ")} days`);
const wrong = await clockDrill({ days, waitMs });
for (const what of wrong) console.log(what);
console.log(`${days.length} jumps, ${wrong.length} wrong`);
if (wrong.length > 0) process.exitCode = 1;
