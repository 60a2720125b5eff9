import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leaksOf } from "@cairn/runner/testing/store-leaks";
import { ProtocolError } from "@cairn/shared/errors";
import { randomUUID } from "node:crypto";
import type { Random } from "../simulation/random.ts";
import { callOver } from "../testing/call.ts";
import { SpawnedServer } from "../testing/spawn-server.ts";
import { EditedFolder } from "./edited-folder.ts";
import type { Call } from "./facts.ts";
import { fail } from "./syscall-trap.ts";
import { Broken, Track } from "./track.ts";

const program = join(import.meta.dirname, "../testing/crashing-server.ts");
/** Twice what is promised: a server that is traced takes its time. */
const answerMs = 10_000;

export interface FaultTally {
  faults: number;
  /** Calls that were refused, by kind and code. */
  refused: Record<string, number>;
  answered: number;
  broken: string | null;
}

/** Calls that met a fault and said so. */
export function refusedOf({ refused }: FaultTally): number {
  return Object.values(refused).reduce((sum, times) => sum + times, 0);
}

/**
 * One server and session, some call of which fails in the kernel so many times, and on until
 * `met` calls were refused, up to `most` faults.
 */
export async function faultDrill(
  random: Random,
  faults: number,
  { met, most } = { met: 0, most: faults },
): Promise<FaultTally> {
  const tally: FaultTally = { faults: 0, refused: {}, answered: 0, broken: null };
  const root = await realpath(await mkdtemp(join(tmpdir(), "cairn-faults-")));
  const dataDir = join(root, "data");
  const server = new SpawnedServer({ dataDir, program });
  let what = "nothing";
  try {
    const call = await callerOf(server, dataDir);
    const folder = new EditedFolder(join(root, "work"), random.fork());
    const { session_id } = await call("create_session", { workspace: folder.path });
    const track = new Track(session_id, folder, random.fork());
    while (tally.faults < faults || (refusedOf(tally) < met && tally.faults < most)) {
      const fault = await fail(server.ready.pid, random);
      what = fault.what;
      track.faulty = true;
      const isThere = await track.step(call, () => undefined);
      track.faulty = false;
      await fault.end();
      if (!isThere) throw new Broken("the server is gone, or does not answer");
      tally.faults += 1;
      const { refused } = track;
      if (refused === null) tally.answered += 1;
      else tally.refused[refused] = (tally.refused[refused] ?? 0) + 1;
      // What could not be taken back then is taken back by the next call.
      await call("undo", { session_id, operation_id: randomUUID() }).catch((error: unknown) => {
        if (!(error instanceof ProtocolError) || error.code !== "operation_not_found") throw error;
      });
      await track.resume(call);
    }
    what = "a restart";
    await server.end(random.chance(0.5) ? "SIGKILL" : "SIGTERM");
    const again = await callerOf(server, dataDir);
    await track.resume(again);
    await again("collect", {});
    const leaks = [...leaksOf(dataDir, track.kept, true), ...folder.staged()];
    if (leaks.length > 0) throw new Broken(`left behind: ${leaks.join(", ")}`);
    const { invalid, problems } = await again("validate", { deep: true });
    if (invalid > 0) throw new Broken(`validate: ${JSON.stringify(problems)}`);
    await track.readBack(again, join(root, "copy"), Infinity);
  } catch (error) {
    const why = error instanceof Broken ? error.message : String((error as Error).stack);
    tally.broken = `${what}, fault ${tally.faults}: ${why}\n${server.stderr.slice(-3000)}`;
  } finally {
    await server.kill();
    await rm(root, { recursive: true, force: true });
  }
  return tally;
}

async function callerOf(server: SpawnedServer, dataDir: string): Promise<Call> {
  await server.start();
  const token = (await readFile(join(dataDir, "token"), "utf8")).trim();
  const { url } = server;
  return async (method, params) => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Broken(`${method} was not answered in ${answerMs} ms`)),
      answerMs,
    );
    try {
      return await Promise.race([callOver({ url, token }, method, params), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
}
