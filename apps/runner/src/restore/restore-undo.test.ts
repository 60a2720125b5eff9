import { expect, test } from "vitest";
import { checkRestores, checkRestoresAcrossRules } from "../testing/restore-walk.ts";

const seed = Number(process.env["CAIRN_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

test("restore, undo and redo of random trees are byte-identical and touch nothing ignored", () => {
  console.log(`seed ${seed}`);
  expect(() => checkRestores({ runs: 120, seed })).not.toThrow();
}, 60_000);

test("undo and redo are byte-identical whatever became of the ignore rules", () => {
  console.log(`seed ${seed}`);
  expect(() => checkRestoresAcrossRules({ runs: 40, seed })).not.toThrow();
}, 60_000);
