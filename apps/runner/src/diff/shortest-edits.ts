/** How far each path has come after so many edits, for the way back. Row `d` holds `d + 1` paths. */
class Trace {
  #reached = new Int32Array(256);

  /** In the old lines, by path `n` of row `d`. */
  at(d: number, n: number): number {
    return this.#reached[(d * (d + 1)) / 2 + n] ?? 0;
  }

  /** Makes room for row `d`; gives where it begins, and what it is written into. */
  row(d: number): { start: number; reached: Int32Array } {
    const start = (d * (d + 1)) / 2;
    if (start + d + 1 > this.#reached.length) {
      const larger = new Int32Array((start + d + 1) * 2);
      larger.set(this.#reached);
      this.#reached = larger;
    }
    return { start, reached: this.#reached };
  }
}

/**
 * Tells `same` of the lines that stay in a shortest row of edits that makes `b` of `a` (Myers,
 * "An O(ND) Difference Algorithm"), from the last to the first. Gives the number of edits, or
 * undefined where it takes more than `most`: then nothing was told. Takes the square of the edits.
 */
export function shortestEdits(
  a: readonly number[],
  b: readonly number[],
  most: number,
  same: (inA: number, inB: number) => void,
): number | undefined {
  const [old, now] = [Int32Array.from(a), Int32Array.from(b)];
  const trace = new Trace();
  for (let d = 0; d <= Math.min(most, old.length + now.length); d += 1) {
    const { start, reached } = trace.row(d);
    const before = start - d;
    for (let n = 0; n <= d; n += 1) {
      // Path n is on diagonal 2n - d: one more line of `a` than of `b` a step.
      let x = 0;
      if (d > 0) {
        const down = n === d ? -1 : (reached[before + n] ?? 0);
        const right = n === 0 ? -1 : (reached[before + n - 1] ?? 0) + 1;
        x = down >= right ? down : right;
      }
      let y = x - (2 * n - d);
      while (x < old.length && y < now.length && old[x] === now[y]) {
        x += 1;
        y += 1;
      }
      reached[start + n] = x;
      if (x >= old.length && y >= now.length) {
        walkBack(trace, d, n, same);
        return d;
      }
    }
  }
  return undefined;
}

function walkBack(
  trace: Trace,
  edits: number,
  path: number,
  same: (inA: number, inB: number) => void,
): void {
  let n = path;
  for (let d = edits; d >= 0; d -= 1) {
    const diagonal = 2 * n - d;
    const down = d === 0 || n === d ? -1 : trace.at(d - 1, n);
    const right = n === 0 ? -1 : trace.at(d - 1, n - 1) + 1;
    const entered = d === 0 ? 0 : down >= right ? down : right;
    for (let x = trace.at(d, n) - 1; x >= entered; x -= 1) same(x, x - diagonal);
    if (d > 0 && down < right) n -= 1;
  }
}
