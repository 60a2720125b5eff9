// A program that goes on editing a folder as editors and agents do, each file written whole and
// renamed into its place, until a line comes in: node restless-editor.ts <folder> <spare folder> <seed>
// It prints `editing` once it has begun, and at the end as JSON what each path held last.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { randomOf } from "./random.ts";

const [folder, spare, seed] = process.argv.slice(2);
if (folder === undefined || spare === undefined) throw new Error("folder and spare folder");
const below = randomOf(Number(seed));
const held = new Map<string, string>();
const stop = new AbortController();
process.stdin.once("data", () => stop.abort());

/** Whatever the restore does meanwhile, an edit either is done or is not. */
function attempt(edit: () => void): void {
  try {
    edit();
  } catch {
    // Its folder is being replaced.
  }
}

for (let n = 0; !stop.signal.aborted; n += 1) {
  const path = `d${below(4)}/f${below(12)}`;
  const place = join(folder, path);
  const what = below(20);
  if (what === 0) {
    attempt(() => {
      rmSync(place);
      held.delete(path);
    });
  } else if (what === 1) {
    const away = join(folder, `away${n}`);
    attempt(() => {
      renameSync(dirname(place), away);
      // Where another folder stands in its place by now it stays away.
      renameSync(away, dirname(place));
    });
  } else {
    attempt(() => {
      const content = `edit ${n} of ${path}`;
      writeFileSync(join(spare, "new"), content);
      if (below(4) === 0) mkdirSync(dirname(place), { recursive: true });
      renameSync(join(spare, "new"), place);
      held.set(path, content);
    });
  }
  if (n === 50) process.stdout.write("editing\n");
  // oxlint-disable-next-line no-await-in-loop -- one edit after the other
  await breathe();
}
process.stdout.write(JSON.stringify([...held]));
process.stdin.destroy();
