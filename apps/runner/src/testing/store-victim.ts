// A process that captures, lets go and collects in the store of a folder until it is killed, and
// says on a line of its own what it has acknowledged: `node store-victim.ts DIR SEED ROUNDS`.
// `ROUNDS` of 0 goes on for ever.
import { writeSync } from "node:fs";
import { ProtocolError } from "@cairn/shared/errors";
import { openStore } from "../store/store.ts";
import { prepareStore } from "../store/prepare.ts";
import { randomOf } from "./random.ts";
import { keep } from "./snapshots.ts";
import { victimFiles } from "./store-kills.ts";

const [dir = "", seed = "1", ends = "0"] = process.argv.slice(2);
const rounds = ends === "0" ? Number.POSITIVE_INFINITY : Number(ends);
const random = randomOf(Number(seed));
const say = (line: string): void => void writeSync(1, `${line}\n`);

prepareStore(dir);
// Packs so small that they are rewritten, and joined, all the time.
const store = openStore(dir, { rollBytes: 150_000, joinBytes: 200_000 });
const held = store.index.pins();
say("ready");
for (let round = 0; round < rounds; round += 1) {
  try {
    act(round);
    store.tidy();
  } catch (error) {
    // A call that was made to fail; anything else ends it.
    if (!(error instanceof ProtocolError)) throw error;
    say(`failed ${error.code}`);
  }
}
store.close();

function act(round: number): void {
  const act = random(6);
  if (act < 3) {
    const pin = `${seed}-${round}-${random(1000)}`;
    keep(store, pin, victimFiles(pin));
    held.push(pin);
    say(`kept ${pin}`);
  } else if (act < 5 && held.length > 3) {
    const [pin = ""] = held.splice(random(held.length), 1);
    // Between the two it may be gone or not.
    say(`releasing ${pin}`);
    store.unpin([pin]);
    say(`released ${pin}`);
  } else {
    store.collect({ max_ms: 2 + random(20) });
    say("collected");
  }
}
