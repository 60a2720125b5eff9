import { spawn } from "node:child_process";
import { once } from "node:events";
import { isDeepStrictEqual } from "node:util";
import { crc32 } from "node:zlib";
import { setTimeout } from "node:timers/promises";
import { realDisk } from "../store/disk.ts";
import { prepareStore } from "../store/prepare.ts";
import { openStore } from "../store/store.ts";
import { randomOf } from "./random.ts";
import type { Files } from "./snapshots.ts";
import { filesOf, readFiles, snapshotsIn } from "./snapshots.ts";

/** What the victim keeps under a pin: some of it under many pins, some of it new. */
export function victimFiles(pin: string): Files {
  const random = randomOf(crc32(pin));
  return {
    ...filesOf(`shared ${random(5)}`, 25, 1500),
    ...filesOf(pin, 15, 1000),
  };
}

/** What a process said that it had done, up to its end. */
export interface Said {
  kept: Set<string>;
  /** Was about to be let go when the process ended. */
  doubtful: Set<string>;
}

export interface Victim {
  command: string;
  args: string[];
  /** Killed so many ms after it has said so many lines; null to let it end by itself. */
  kill: { lines: number; ms: number } | null;
}

/** Runs a victim to its end, and adds to what was said before. */
export async function runVictim({ command, args, kill }: Victim, said: Said): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const [out, errors]: Buffer[][] = [[], []];
  let lines = 0;
  const far = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      out?.push(chunk);
      lines += chunk.toString().split("\n").length - 1;
      if (lines >= (kill?.lines ?? 0)) resolve();
    });
  });
  child.stderr.on("data", (chunk: Buffer) => errors?.push(chunk));
  if (kill !== null) {
    await Promise.race([far, ended]);
    await setTimeout(kill.ms);
    child.kill("SIGKILL");
  }
  await ended;
  // The last line may be cut off: it says nothing then.
  for (const line of Buffer.concat(out ?? [])
    .toString()
    .split("\n")
    .slice(0, -1)) {
    const [verb, pin = ""] = line.split(" ");
    if (verb === "kept") said.kept.add(pin);
    if (verb === "releasing") {
      said.kept.delete(pin);
      said.doubtful.add(pin);
    }
    if (verb === "released") said.doubtful.delete(pin);
  }
  return Buffer.concat(errors ?? []).toString();
}

/** What is not as it was said in the store of a process that was killed; empty when all is. */
export function checkKilled(dir: string, said: Said): string[] {
  const wrong: string[] = [];
  prepareStore(dir);
  const store = openStore(dir);
  try {
    const read = (when: string): void => {
      const snapshots = snapshotsIn(store);
      for (const pin of said.kept) if (!snapshots.has(pin)) wrong.push(`${when}: ${pin} is lost`);
      for (const [pin, snapshot] of snapshots) {
        // One that was committed and not said yet is whole as well.
        if (!isDeepStrictEqual(readFiles(store, snapshot), victimFiles(pin))) {
          wrong.push(`${when}: ${pin} is another`);
        }
      }
    };
    read("killed");
    while (!store.collect({}).done) continue;
    read("collected");
    const { database } = store.index;
    const names = database.prepare("SELECT name FROM packs ORDER BY name").all();
    const files = realDisk.list(`${dir}/packs`).map(({ name }) => name);
    const known = names.map(({ name }) => String(name));
    if (!isDeepStrictEqual(known, files.toSorted())) wrong.push("a pack is left over, or missing");
    const { stored_bytes, dead_bytes } = store.facts();
    if (dead_bytes > stored_bytes * 0.2 + 100) wrong.push(`${dead_bytes} dead of ${stored_bytes}`);
    said.kept = new Set(store.index.pins());
    said.doubtful.clear();
  } finally {
    store.close();
  }
  return wrong;
}
