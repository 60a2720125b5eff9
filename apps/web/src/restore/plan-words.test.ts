import { expect, test } from "vitest";
import {
  countWords,
  differenceWords,
  effectWords,
  isAllMissing,
  progressWords,
} from "./plan-words.ts";

test("counts name only what happens, what would be lost first", () => {
  expect(countWords({ added: 2, modified: 0, removed: 1 })).toBe("1 removed, 2 brought back");
  expect(countWords({ added: 0, modified: 1200, removed: 0 })).toBe("1,200 changed back");
});

test("a checkpoint of an empty folder is missing nothing", () => {
  expect(isAllMissing({ added: 2, modified: 0, removed: 1 }, 2)).toBe(true);
  expect(isAllMissing({ added: 2, modified: 0, removed: 1 }, 3)).toBe(false);
  expect(isAllMissing({ added: 0, modified: 0, removed: 4 }, 0)).toBe(false);
});

test("the button says its effect", () => {
  expect(effectWords(7, false)).toBe("Restore 7 files");
  expect(effectWords(1, true)).toBe("Copy 1 file");
});

test("progress counts as far as counts are known", () => {
  const about = { session_id: "s", operation_id: "o", kind: "restore" };
  expect(progressWords(null)).toBe("Starting");
  expect(progressWords({ ...about, phase: "scan", done: 0, total: null })).toBe(
    "Looking at the folder",
  );
  expect(progressWords({ ...about, phase: "apply", done: 12, total: 40 })).toBe(
    "Changing files, 12 of 40",
  );
  const reading = { ...about, phase: "store", total: null };
  expect(progressWords({ ...reading, done: 0, bytes: 1_500_000_000 })).toBe(
    "Saving the folder as it is now, 1.5 GB",
  );
  expect(progressWords({ ...reading, done: 1024, bytes: 80_000_000 })).toBe(
    "Saving the folder as it is now, 1,024 files, 80 MB",
  );
  expect(progressWords({ ...about, phase: "constructor", done: 1, total: null })).toBe(
    "constructor, 1",
  );
});

test("a difference says why, with the system's own words where there are some", () => {
  expect(differenceWords({ path: "a", reason: "failed", detail: "EACCES" })).toBe(
    "could not be written: EACCES",
  );
  expect(differenceWords({ path: "a", reason: "damaged" })).toBe("its stored content is damaged");
});
