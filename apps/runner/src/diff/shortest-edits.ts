/**
 * How far each path has come after so many edits, for the way back: row `d` begins at `d(d+1)/2`
 * and holds `d + 1` paths. Kept from search to search, as to get it anew takes longer than many a
 * search; a row is written before it is read.
 */
let scratch = new Int32Array(4096);

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
  for (let d = 0; d <= Math.min(most, old.length + now.length); d += 1) {
    const start = rowOf(d);
    const reached = withRoom(start + d + 1);
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
        walkBack(reached, d, n, same);
        return d;
      }
    }
  }
  return undefined;
}

function rowOf(d: number): number {
  return (d * (d + 1)) / 2;
}

function withRoom(length: number): Int32Array {
  if (length > scratch.length) {
    const larger = new Int32Array(length * 2);
    larger.set(scratch);
    scratch = larger;
  }
  return scratch;
}

function walkBack(
  reached: Int32Array,
  edits: number,
  path: number,
  same: (inA: number, inB: number) => void,
): void {
  let n = path;
  for (let d = edits; d >= 0; d -= 1) {
    const diagonal = 2 * n - d;
    const before = rowOf(d - 1);
    const down = n === d ? -1 : (reached[before + n] ?? 0);
    const right = n === 0 ? -1 : (reached[before + n - 1] ?? 0) + 1;
    const entered = d === 0 ? 0 : Math.max(down, right);
    for (let x = (reached[rowOf(d) + n] ?? 0) - 1; x >= entered; x -= 1) same(x, x - diagonal);
    if (down < right) n -= 1;
  }
}
