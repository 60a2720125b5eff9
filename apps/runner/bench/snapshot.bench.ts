// Captures, differences and restores against others that keep checkpoints, on the same folder in
// the same run, in turns. What counts is the ratio: `npm run bench -- snapshot --help`.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Contest } from "./snapshot-contest.ts";
import { gitVersion } from "./snapshot-git.ts";
import { loopDelay } from "./snapshot-loop.ts";
import type { PeerName } from "./snapshot-peer.ts";
import { peerNames } from "./snapshot-peer.ts";
import type { Row } from "./snapshot-report.ts";
import { jsonOf, printRow, printTable } from "./snapshot-report.ts";
import { resticVersion } from "./snapshot-restic.ts";
import { Tree } from "./snapshot-tree.ts";

const parts = ["first", "same", "ten", "restart", "restore", "hundred", "loop"] as const;
type Part = (typeof parts)[number];

const help = `npm run bench -- snapshot [options]
  --only PARTS    of ${parts.join(", ")} 
                  (ten: 10 files changed and their difference; loop: the server's event loop)
  --peers NAMES   of ${peerNames.join(", ")}; Cairn always runs
  --files COUNTS  trees of so many files (1000,10000)
  --large         a tree of 100,000 files too
  --rounds N      of everything but the first captures (9; of those N/2)
  --dir FOLDER    where trees and stores are made (the project's .cache)
  --json          all figures as one line of JSON at the end`;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: parts.join(",") },
    peers: { type: "string", default: peerNames.join(",") },
    files: { type: "string", default: "1000,10000" },
    large: { type: "boolean", default: false },
    dir: { type: "string", default: join(import.meta.dirname, "../../../.cache/bench") },
    rounds: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function chosen<T extends string>(names: string, known: readonly T[]): T[] {
  const wanted = names.split(",");
  const unknown = wanted.filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`${unknown.join(", ")}: none of ${known.join(", ")}`);
  return known.filter((name) => wanted.includes(name));
}

function availablePeers(): PeerName[] {
  const versions: Partial<Record<PeerName, string | null>> = {
    git: gitVersion(),
    "simple-git": gitVersion() === null ? null : "simple-git over it",
    restic: resticVersion(),
  };
  return chosen(`cairn,${values.peers}`, peerNames).filter((name) => {
    if (name === "cairn") return true;
    console.log(`${name}: ${versions[name] ?? "not installed, skipped"}`);
    return versions[name] !== null;
  });
}

async function run(files: number, peers: PeerName[], wanted: Part[]): Promise<Row[]> {
  const home = mkdtempSync(join(values.dir, "snapshot-"));
  const tree = new Tree(join(home, "work"), files);
  const others = Math.max(1, Number(values.rounds));
  const rounds = { first: Math.max(1, Math.floor(others / 2)), others };
  const megabytes = (tree.bytes / 1e6).toFixed(0);
  console.log(`\n${tree.files.toLocaleString("en")} files of ${megabytes} MB`);
  const contest = new Contest(tree, home, peers, rounds);
  const rows: Row[] = [];
  try {
    // The other parts go on with its stores.
    if (!wanted.includes("first")) rounds.first = 1;
    for (const part of parts) {
      if (part !== "first" && !wanted.includes(part)) continue;
      const made = [await (part === "loop" ? loopDelay(tree, home, 3) : contest[part]())].flat();
      if (!wanted.includes(part)) continue;
      for (const row of made) printRow(row);
      rows.push(...made);
    }
  } finally {
    await contest.close();
    rmSync(home, { recursive: true });
  }
  return rows;
}

async function main(): Promise<void> {
  mkdirSync(values.dir, { recursive: true });
  const wanted = chosen(values.only, parts);
  const sizes = values.files.split(",").map(Number);
  if (values.large) sizes.push(100_000);
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}, ${memory} GiB, load ${load}`,
  );
  const peers = availablePeers();
  const rows: Row[] = [];
  for (const files of sizes) rows.push(...(await run(files, peers, wanted)));
  printTable(rows);
  if (values.json) console.log(JSON.stringify(jsonOf(rows)));
}

if (values.help) console.log(help);
else await main();
