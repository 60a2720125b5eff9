import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SpawnedServer } from "../testing/spawn-server.ts";

const program = join(import.meta.dirname, "../testing/crashing-server.ts");

/** Starts two servers at once on one data folder, so many times; one of them must own it. */
export async function raceToOwn(races: number): Promise<{ races: number; wrong: string[] }> {
  const dataDir = await mkdtemp(join(tmpdir(), "cairn-owner-"));
  const wrong: string[] = [];
  try {
    for (let race = 1; race <= races; race += 1) {
      const both = [1, 2].map(() => new SpawnedServer({ dataDir, program }));
      const ends = await Promise.allSettled(both.map(async (server) => await server.start()));
      const owners = ends.filter(({ status }) => status === "fulfilled");
      const refused = ends.flatMap((end) =>
        end.status === "rejected" ? [String(end.reason)] : [],
      );
      const isSaid = /StartError: The data folder .* is in use by another Cairn/;
      if (owners.length !== 1 || !refused.every((error) => isSaid.test(error))) {
        wrong.push(`race ${race}: ${owners.length} own it; ${refused.join("; ")}`);
      }
      // In half of them the owner crashes, and its lock must go with it.
      for (const server of both) await server.end(race % 2 === 0 ? "SIGKILL" : "SIGTERM");
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  return { races, wrong };
}
