import fc from "fast-check";
import { expect, test } from "vitest";
import { shortestEdits } from "./shortest-edits.ts";

/** How few lines have to go and come, by the book. */
function fewest(a: readonly number[], b: readonly number[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, x] of a.entries()) {
    const next = [i + 1];
    for (const [j, y] of b.entries()) {
      const edited = Math.min(row[j + 1] ?? 0, next[j] ?? 0) + 1;
      next.push(x === y ? (row[j] ?? 0) : edited);
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

const lines = fc.array(fc.nat(3), { maxLength: 40 });

test("edits are as few as can be, what stays is the same in both and told backwards", () => {
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      const same: [number, number][] = [];
      const wanted = fewest(a, b);
      expect(shortestEdits(a, b, wanted, (x, y) => same.push([x, y]))).toBe(wanted);
      expect(a.length + b.length - 2 * same.length).toBe(wanted);
      expect(same.every(([x, y]) => a[x] === b[y])).toBe(true);
      const rising = same.toReversed();
      expect(rising.every(([x, y], n) => n === 0 || isAfter([x, y], rising[n - 1]))).toBe(true);
      same.length = 0;
      expect(shortestEdits(a, b, wanted - 1, (x, y) => same.push([x, y]))).toBeUndefined();
      expect(same).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

function isAfter([x, y]: [number, number], before: [number, number] | undefined): boolean {
  return before === undefined || (x > before[0] && y > before[1]);
}
