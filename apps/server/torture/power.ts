// Cuts the power of a disk that the server works on, and looks for all that was acknowledged:
//   --cuts N   how many (default 200), 20 to a disk
//   --seed N   to repeat a run
// Needs root, loop devices, mkfs.ext4 and mkfs.btrfs (Debian's btrfs-progs).
import { parseArgs } from "node:util";
import { CutDisk } from "../src/hardships/cut-disk.ts";
import { powerDrill } from "../src/hardships/power-drill.ts";
import { Random, seedOf } from "../src/simulation/random.ts";

const { values } = parseArgs({
  options: { cuts: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const cuts = Number(values.cuts ?? 200);
const seed = seedOf(typeof values.seed === "string" ? values.seed : undefined);
const random = new Random(seed);

function whyNot(): string | null {
  try {
    new CutDisk()[Symbol.dispose]();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function rounds(synchronous: "FULL" | "NORMAL", wanted: number) {
  const sum = { cuts: 0, lost: 0, acknowledged: 0, readBack: 0 };
  const cut: Record<string, number> = {};
  while (sum.cuts < wanted) {
    const most = Math.min(20, wanted - sum.cuts);
    const disk = random.below(2 ** 31);
    const tally = await powerDrill({ random: new Random(disk), cuts: most, synchronous });
    sum.cuts += tally.cuts;
    sum.lost += tally.lost.length;
    sum.acknowledged += tally.acknowledged;
    sum.readBack += tally.readBack;
    for (const [what, times] of Object.entries(tally.cut)) cut[what] = (cut[what] ?? 0) + times;
    if (synchronous === "NORMAL") continue;
    for (const what of tally.lost) console.log(`disk of seed ${disk}: ${what}`);
    console.log(`${sum.cuts} of ${wanted}, ${sum.lost} lost`);
  }
  console.log(`synchronous=${synchronous}: ${JSON.stringify({ ...sum, cut })}`);
  return sum;
}

console.log(`power: --cuts ${cuts} --seed ${seed}`);
const why = whyNot();
if (why === null) {
  // Without it a test that cuts nothing off would pass as well.
  const control = await rounds("NORMAL", Math.max(10, Math.round(cuts / 10)));
  const { lost } = await rounds("FULL", cuts);
  if (control.lost === 0) console.log("the control lost nothing: these cuts prove nothing");
  if (lost > 0 || control.lost === 0) process.exitCode = 1;
} else {
  console.log(`NOT RUN: no disk can be cut here (${why})`);
}
