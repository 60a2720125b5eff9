import type { PeerName } from "./snapshot-peer.ts";
import { peerNames } from "./snapshot-peer.ts";

/** What each took, round by round, in `unit`; and the most that Cairn should take of a peer's. */
export interface Row {
  what: string;
  files: number;
  unit: "ms" | "MB";
  figures: Partial<Record<PeerName, number[]>>;
  goals: Partial<Record<PeerName, number>>;
}

interface Spread {
  median: number;
  low: number;
  high: number;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
  return { median: at(0.5), low: at(0), high: at(1) };
}

/** Round by round, since what one round took lies close together in time. */
function ratioOf(of: readonly number[], to: readonly number[]): Spread {
  return spreadOf(of.map((value, round) => value / (to[round] ?? Number.NaN)));
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function shown({ median, low, high }: Spread, unit = ""): string {
  const around = low === high ? "" : ` (${rounded(low)}-${rounded(high)})`;
  return `${rounded(median)}${unit}${around}`;
}

function cell({ unit, figures, goals }: Row, peer: PeerName): string {
  const theirs = figures[peer];
  if (theirs === undefined) return "";
  const spread = ` ${shown(spreadOf(theirs), ` ${unit}`)}`;
  if (peer === "cairn" || figures.cairn === undefined) return spread.trim();
  const ratio = ratioOf(figures.cairn, theirs);
  const goal = goals[peer];
  const wanted = goal === undefined ? "" : ` [${ratio.median <= goal ? "" : "over "}${goal}x]`;
  return `${shown(ratio, "x")}${wanted}, of${spread}`;
}

export function printRow(row: Row): void {
  const name = `${row.what}, ${row.files.toLocaleString("en")} files`;
  console.log(`\n${name}`);
  for (const peer of peerNames) {
    const text = cell(row, peer);
    if (text !== "") console.log(`  ${peer.padEnd(10)}  ${text}`);
  }
}

/** All rows as Markdown: of each peer the ratio to it, median (lowest-highest round). */
export function printTable(rows: readonly Row[]): void {
  console.log(`\n| what | files | ${peerNames.join(" | ")} |\n|---|---|---|---|---|---|`);
  for (const row of rows) {
    const cells = peerNames.map((peer) => cell(row, peer)).join(" | ");
    console.log(`| ${row.what} | ${row.files.toLocaleString("en")} | ${cells} |`);
  }
}

export function jsonOf(rows: readonly Row[]): object[] {
  return rows.map(({ figures, ...row }) => ({
    ...row,
    peers: Object.entries(figures).map(([peer, values]) => ({
      peer,
      ...spreadOf(values),
      ratio: ratioOf(figures.cairn ?? [], values),
      values,
    })),
  }));
}
