// Ten times what the tests send to a server that must neither end nor answer with `internal`:
//   --messages N   how many in all (default 100,000)
//   --seed N       to repeat a run
import { parseArgs } from "node:util";
import { fuzz } from "../src/fuzz/fuzz.ts";
import { seedOf } from "../src/simulation/random.ts";

const { values } = parseArgs({
  options: { messages: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const messages = Number(values.messages ?? 100_000);
const seed = seedOf(typeof values.seed === "string" ? values.seed : undefined);

console.log(`fuzz: --messages ${messages} --seed ${seed}`);
const { exited, errors, ...kinds } = await fuzz({ seed, messages });
for (const [kind, { sent, outcomes, wrong }] of Object.entries(kinds)) {
  console.log(`${kind}: ${sent} sent, ${wrong.length} wrong; ${JSON.stringify(outcomes)}`);
  for (const what of wrong) console.log(`  ${what}`);
  if (wrong.length > 0) process.exitCode = 1;
}
if (exited !== null) console.log(`the server ended: ${exited}`);
for (const line of errors) console.log(`it logged ${line}`);
if (exited !== null || errors.length > 0) process.exitCode = 1;
