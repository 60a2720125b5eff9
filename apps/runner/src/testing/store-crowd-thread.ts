// A thread of `store-crowd.ts`: captures, reads and lets go of snapshots that share contents.
import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import type { Snapshot } from "../runner.ts";
import { openStore } from "../store/store.ts";
import { randomOf } from "./random.ts";
import type { Files } from "./snapshots.ts";
import { keep, put, readFiles } from "./snapshots.ts";
import { noise } from "./store-site.ts";

export interface CrowdThread {
  dir: string;
  name: string;
  seed: number;
  rounds: number;
}

const { dir, name, seed, rounds } = workerData as CrowdThread;
const random = randomOf(seed);
const store = openStore(dir, { joinBytes: 100_000 });
const held: { pin: string; files: Files; snapshot: Snapshot }[] = [];

/** Of forty folders with always the same contents, so that threads know each other's. */
function someFiles(): Files {
  const files: Files = {};
  for (let left = 1 + random(6); left > 0; left -= 1) {
    const folder = random(40);
    for (let i = 0; i < 8; i += 1) files[`d${folder}/f${i}`] = noise(2000 + i, `${folder} ${i}`);
  }
  files["own"] = noise(500, `${random(1000)}`);
  return files;
}

for (let round = 0; round < rounds; round += 1) {
  const files = someFiles();
  const act = random(10);
  if (act === 0) {
    // A capture that is given up.
    put(store, files);
    store.discard();
  } else {
    const pin = `${name} ${round}`;
    held.push({ pin, files, snapshot: keep(store, pin, files) });
  }
  if (held.length > 4) store.unpin(held.splice(random(held.length), 1).map(({ pin }) => pin));
  // As after each answer.
  store.tidy();
  const one = held[random(Math.max(held.length, 1))];
  if (one !== undefined) assert.deepEqual(readFiles(store, one.snapshot), one.files);
}
for (const { files, snapshot } of held) assert.deepEqual(readFiles(store, snapshot), files);
store.close();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is no window
parentPort?.postMessage(held.map(({ pin, snapshot }) => ({ pin, snapshot })));
