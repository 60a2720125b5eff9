import fc from "fast-check";
import { expect, test } from "vitest";
import { matchLines } from "./match-lines.ts";

/** The length of a longest common subsequence, by the book. */
function longest(a: readonly number[], b: readonly number[]): number {
  let row = b.map(() => 0);
  for (const x of a) {
    const next: number[] = [];
    for (const [j, y] of b.entries()) {
      const diagonal = j === 0 ? 0 : (row[j - 1] ?? 0);
      next.push(x === y ? diagonal + 1 : Math.max(row[j] ?? 0, next[j - 1] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function pairsOf(matches: Int32Array | null): [number, number][] {
  return [...(matches ?? [])]
    .map((now, old): [number, number] => [old, now])
    .filter(([, now]) => now !== -1);
}

const lines = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 40 });

test("lines are matched in order, only with their like, and as many as can be", () => {
  fc.assert(
    fc.property(lines, lines, (old, now) => {
      const pairs = pairsOf(matchLines(old, now, { left: 1e6 }));
      expect(pairs).toHaveLength(longest(old, now));
      expect(pairs.every(([x, y]) => old[x] === now[y])).toBe(true);
      expect(pairs.every(([, y], n) => n === 0 || y > (pairs[n - 1]?.[1] ?? 0))).toBe(true);
    }),
  );
});

test("beyond what is cheap, lines that stand once in both divide the rest", () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat(1e6)), (numbers) => {
      const old = Array.from({ length: 600 }, (_, i) => (i % 3 === 0 ? 1 : i + 10));
      const now = old
        .map((line) => ({ line, at: numbers.next().value }))
        .toSorted((a, b) => a.at - b.at);
      const mixed = now.map(({ line }) => line);
      const pairs = pairsOf(matchLines(old, mixed, { left: 1e7 }));
      expect(pairs.length).toBeGreaterThan(40);
      expect(pairs.every(([x, y]) => old[x] === mixed[y])).toBe(true);
      expect(pairs.every(([, y], n) => n === 0 || y > (pairs[n - 1]?.[1] ?? 0))).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test("it gives up when telling costs more than the effort left, and says what it spent", () => {
  const old = Array.from({ length: 4000 }, (_, i) => (i * 7919) % 13);
  const now = Array.from({ length: 4000 }, (_, i) => (i * i) % 11);
  const effort = { left: 1e6 };
  expect(matchLines(old, now, effort)).toBeNull();
  expect(effort.left).toBeLessThan(1e6);
  expect(matchLines([1, 2, 3], [1, 3, 4], effort)).toEqual(Int32Array.of(0, -1, 1));
});
