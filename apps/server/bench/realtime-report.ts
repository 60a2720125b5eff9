/** The middle one, and how far the others lie around it. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
  return { median: at(0.5), low: at(0), high: at(1) };
}

export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function shown({ median, low, high }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`;
}

/** One line of the table: what was measured, what came out, what it should be. */
interface Row {
  what: string;
  figure: string;
  goal: string;
}

const rows: Row[] = [];

export function row(what: string, figure: string, goal = ""): void {
  rows.push({ what, figure, goal });
  console.log(`${what}: ${figure}${goal === "" ? "" : `   [goal ${goal}]`}`);
}

/** Round by round, since those lie close together in time; then the middle of those. */
export function ratio(of: readonly number[], to: readonly number[]): Spread {
  return spreadOf(of.map((value, at) => value / (to[at] ?? Number.NaN)));
}

/** All of it as Markdown, for the README. */
export function printTable(): void {
  console.log("\n| what | figure: median (lowest-highest round) | goal |\n|---|---|---|");
  for (const { what, figure, goal } of rows) console.log(`| ${what} | ${figure} | ${goal} |`);
}
