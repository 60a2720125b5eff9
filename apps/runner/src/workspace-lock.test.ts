import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WorkspaceLock } from "./workspace-lock.ts";

interface Taken {
  name: string;
  release: () => void;
}

/** Claims that have started, in order. */
function taker(lock: WorkspaceLock): {
  taken: Taken[];
  take: (name: string, ...paths: string[]) => void;
} {
  const taken: Taken[] = [];
  const take = (name: string, ...paths: string[]): void => {
    void lock.acquire(paths).then((release) => taken.push({ name, release }));
  };
  return { taken, take };
}

test("the same folder, one in it and one above it wait; another does not", async () => {
  const { taken, take } = taker(new WorkspaceLock());
  take("first", "/a/b");
  take("same", "/a/b");
  take("below", "/a/b/c");
  take("above", "/a");
  take("beside", "/a/bc");
  take("elsewhere", "/d");
  await setImmediate();
  expect(taken.map(({ name }) => name)).toEqual(["first", "elsewhere"]);
  taken[0]?.release();
  await setImmediate();
  expect(taken.map(({ name }) => name)).toEqual(["first", "elsewhere", "same"]);
});

test("who came first goes first: a later claim does not overtake one that waits", async () => {
  const { taken, take } = taker(new WorkspaceLock());
  take("small", "/a/b");
  take("large", "/a");
  take("other small", "/a/c");
  await setImmediate();
  expect(taken.map(({ name }) => name)).toEqual(["small"]);
  taken[0]?.release();
  await setImmediate();
  expect(taken.map(({ name }) => name)).toEqual(["small", "large"]);
  taken[1]?.release();
  await setImmediate();
  expect(taken.map(({ name }) => name)).toEqual(["small", "large", "other small"]);
});

test("the whole disk waits for all and holds off all; releasing twice does no harm", async () => {
  const { taken, take } = taker(new WorkspaceLock());
  take("a", "/a");
  take("disk", "/");
  take("b", "/b");
  await setImmediate();
  expect(taken.map(({ name }) => name)).toEqual(["a"]);
  taken[0]?.release();
  taken[0]?.release();
  await setImmediate();
  expect(taken.map(({ name }) => name)).toEqual(["a", "disk"]);
  taken[1]?.release();
  await setImmediate();
  expect(taken.map(({ name }) => name)).toEqual(["a", "disk", "b"]);
});

test("whatever is claimed, no two at once overlap and everyone has a turn", async () => {
  const path = fc
    .array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 })
    .map((names) => `/${names.join("/")}`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(path, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 12 }),
      async (claims) => {
        const lock = new WorkspaceLock();
        const holding = new Set<string[]>();
        let turns = 0;
        await Promise.all(
          claims.map(async (paths) => {
            const release = await lock.acquire(paths);
            for (const other of holding) {
              for (const a of other) {
                for (const b of paths) expect(below(a, b) || below(b, a)).toBe(false);
              }
            }
            holding.add(paths);
            await setImmediate();
            holding.delete(paths);
            turns += 1;
            release();
          }),
        );
        expect(turns).toBe(claims.length);
      },
    ),
    { numRuns: 100 },
  );
});

function below(outer: string, inner: string): boolean {
  return `${inner}/`.startsWith(outer === "/" ? "/" : `${outer}/`);
}
