import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import { leaksOf } from "@cairn/runner/testing/store-leaks";
import { ProtocolError } from "@cairn/shared/errors";
import type { Random } from "../simulation/random.ts";
import { callOver } from "../testing/call.ts";
import { SpawnedServer } from "../testing/spawn-server.ts";
import type { Twin } from "./cut-disk.ts";
import { CutDisk } from "./cut-disk.ts";
import { EditedFolder, listCaptured, listStaged } from "./edited-folder.ts";
import type { Folder } from "./edited-folder.ts";
import type { Call } from "./facts.ts";
import { Broken, Track } from "./track.ts";

const program = join(import.meta.dirname, "unsynced-server.ts");

interface Options {
  random: Random;
  cuts: number;
  /** SQLite's `synchronous`; anything but FULL is expected to lose. */
  synchronous: "FULL" | "NORMAL";
}

export interface PowerTally {
  cuts: number;
  /** Checkpoints that were acknowledged ahead of a cut, over all cuts. */
  acknowledged: number;
  /** Of those that were restored from a cut disk and compared. */
  readBack: number;
  cut: Record<string, number>;
  /** What was lost, one entry a cut. */
  lost: string[];
}

async function callOf(server: SpawnedServer, dataDir: string): Promise<Call> {
  const { url } = server;
  const token = (await readFile(join(dataDir, "token"), "utf8")).trim();
  return (method, params) => callOver({ url, token }, method, params);
}

/** One disk with a server at work on it, whose power is cut so many times. */
export async function powerDrill({ random, cuts, synchronous }: Options): Promise<PowerTally> {
  const tally: PowerTally = { cuts: 0, acknowledged: 0, readBack: 0, cut: {}, lost: [] };
  using disk = new CutDisk();
  const dataDir = join(disk.path, "data");
  const env = { CAIRN_TORTURE_SYNCHRONOUS: synchronous };
  const server = await new SpawnedServer({ dataDir, program, env }).start();
  try {
    const call = await callOf(server, dataDir);
    const tracks: Track[] = [];
    for (const name of ["one", "two"]) {
      const folder = new EditedFolder(join(disk.path, name), random.fork());
      const { session_id } = await call("create_session", { workspace: folder.path });
      tracks.push(new Track(session_id, folder, random.fork()));
    }
    while (tally.cuts < cuts) {
      const made = await workUntilCut(disk, call, tracks, random);
      using twin = made.twin;
      twin.mount();
      tally.cuts += 1;
      const what = made.tracks.flatMap(({ cut }) => cut ?? []).toSorted();
      tally.cut[what.join("+") || "nothing"] = (tally.cut[what.join("+") || "nothing"] ?? 0) + 1;
      tally.acknowledged += made.tracks.reduce((sum, { kept }) => sum + kept.length, 0);
      try {
        tally.readBack += await verify(disk, made, env);
      } catch (error) {
        if (!(error instanceof Broken || error instanceof ProtocolError)) throw error;
        tally.lost.push(error.message);
      }
    }
  } finally {
    await server.kill();
  }
  return tally;
}

interface Cut {
  twin: Twin;
  tracks: Track[];
}

async function workUntilCut(
  disk: CutDisk,
  call: Call,
  tracks: Track[],
  random: Random,
): Promise<Cut> {
  let left = random.between(2, 8);
  const after = random.next() * 80;
  const cutting: Promise<Cut>[] = [];
  const cut = async (): Promise<Cut> => {
    await setTimeout(after);
    // No answer is read meanwhile, so what was acknowledged is what the copies hold.
    const twin = disk.cut();
    const copies = tracks.map((track) => {
      const path = join(twin.path, relative(disk.path, (track.folder as EditedFolder).path));
      const list = (): string[] => listCaptured(path);
      const folder: Folder = {
        edit: () => undefined,
        list,
        trespass: () => null,
        staged: () => listStaged(path),
      };
      return new Track(track.session_id, folder, random.fork(), track);
    });
    return { twin, tracks: copies };
  };
  const done = new AbortController();
  await Promise.all(
    tracks.map(async (track) => {
      while (!done.signal.aborted) {
        const answered = await track.step(call, () => {
          left -= 1;
          if (left > 0 || cutting.length > 0) return;
          cutting.push(cut().finally(() => done.abort()));
        });
        if (!answered) throw new Error("the live server is gone");
      }
    }),
  );
  const [made] = await Promise.all(cutting);
  if (made === undefined) throw new Error("nothing was cut");
  return made;
}

/** Starts a server on the cut disk: all that was acknowledged must be there, and nothing else. */
async function verify(
  disk: CutDisk,
  { twin, tracks }: Cut,
  env: Record<string, string>,
): Promise<number> {
  const dataDir = join(disk.path, "data");
  const seen = join(twin.path, "data");
  const server = new SpawnedServer({ dataDir, program, env, through: twin.through });
  try {
    await server.start().catch((error: unknown) => {
      throw new Broken(`it does not start: ${String(error)}`, { cause: error });
    });
    const call = await callOf(server, seen);
    for (const track of tracks) await track.resume(call);
    const kept = tracks.flatMap((track) => track.kept);
    const staged = tracks.flatMap((track) => track.folder.staged());
    const leaks = [...leaksOf(seen, kept, false), ...staged];
    if (leaks.length > 0) throw new Broken(`left behind: ${leaks.join(", ")}`);
    const { invalid, problems } = await call("validate", { deep: true });
    if (invalid > 0) throw new Broken(`validate: ${JSON.stringify(problems)}`);
    let readBack = 0;
    for (const track of tracks) {
      readBack += await track.readBack(call, join(disk.path, "copy"), 3, join(twin.path, "copy"));
    }
    return readBack;
  } catch (error) {
    // What recovery said of it.
    if (error instanceof Broken) error.message += `\n${server.stderr.slice(-1500)}`;
    throw error;
  } finally {
    await server.kill();
  }
}
