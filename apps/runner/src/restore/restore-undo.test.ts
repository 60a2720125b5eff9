import { expect, test } from "vitest";
import { newSeed } from "../testing/random.ts";
import { checkChoices, checkRestores, checkRestoresAcrossRules } from "../testing/restore-walk.ts";

const seed = newSeed("restore and undo");

test("restore, undo and redo of random trees are byte-identical and touch nothing ignored", () => {
  expect(() => checkRestores({ runs: 200, seed })).not.toThrow();
}, 120_000);

test("undo and redo are byte-identical whatever became of the ignore rules", () => {
  expect(() => checkRestoresAcrossRules({ runs: 40, seed })).not.toThrow();
}, 120_000);

test("random choices of paths become what they were, all else stays, and undo gives all back", () => {
  expect(() => checkChoices({ runs: 60, seed })).not.toThrow();
}, 120_000);
