import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeTree } from "../testing/tree.ts";
import { Budget, NotWatched } from "./budget.ts";
import { WatchedFolder } from "./watched-folder.ts";

const nothing = { names: [], paths: [] };

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "cairn-budget-"));
});

afterEach(() => removeTree(home));

/** A folder that counts as so many. */
function folderOf(name: string, folders: number): string {
  for (let i = 1; i < folders; i += 1) mkdirSync(join(home, name, `d${i}`), { recursive: true });
  return join(home, name);
}

test("folders are watched up to the limit, and those left out do not count", async () => {
  const folder = folderOf("one", 4);
  const budget = new Budget(4);
  await budget.take(1, { folder, ...nothing });
  mkdirSync(join(folder, "d1/node_modules/deep"), { recursive: true });
  mkdirSync(join(folder, "d2/left out/deep"), { recursive: true });
  const without = { names: ["node_modules"], paths: [join(folder, "d2/left out")] };
  await budget.take(1, { folder, ...without });
  await expect(budget.take(1, { folder, ...nothing })).rejects.toThrow(/more than may be watched/);
});

test("all folders share one limit, and what one no longer needs others may have", async () => {
  const [one, two] = [folderOf("one", 3), folderOf("two", 3)];
  const budget = new Budget(5);
  await budget.take(1, { folder: one, ...nothing });
  const refused = budget.take(2, { folder: two, ...nothing });
  await expect(refused).rejects.toThrow(NotWatched);
  // It is small itself: the others have what it lacks.
  await expect(refused).rejects.toThrow(
    /^its folders and those watched for other sessions are more/,
  );
  budget.release(1);
  await budget.take(2, { folder: two, ...nothing });
  await expect(budget.take(1, { folder: one, ...nothing })).rejects.toThrow(NotWatched);
});

test("one that asks again, as after new folders, is counted once", async () => {
  const folder = folderOf("one", 3);
  const budget = new Budget(3);
  await budget.take(1, { folder, ...nothing });
  await expect(budget.take(1, { folder, ...nothing })).resolves.toBeUndefined();
});

test.each([
  [
    "over the limit",
    3,
    /more than may be watched together \(3: half of .*, but never over 100,000\)/,
  ],
  ["gone", 100, /not there/],
])("a folder that is %s is not watched, which takes nothing", async (what, most, reason) => {
  const folder = what === "gone" ? join(home, "gone") : folderOf("large", 10);
  const lost = await new Promise<[string, boolean]>((resolve) => {
    const onLost = (why: string, tookNothing: boolean): void => resolve([why, tookNothing]);
    const budget = new Budget(most);
    // It lives until its process ends; nothing keeps it busy.
    void new WatchedFolder({ folder, ...nothing, budget, onChange: () => undefined, onLost });
  });
  expect(lost).toEqual([expect.stringMatching(reason), true]);
});
