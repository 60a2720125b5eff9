import { expect, test } from "vitest";
import { readTags, tagsProblem } from "./tag-text.ts";

test("tags are separated by commas or lines, trimmed, and each counts once", () => {
  expect(readTags(" green, v1.0\ngreen,,  two words ")).toEqual(["green", "v1.0", "two words"]);
});

test("what the server would refuse is said before", () => {
  expect(tagsProblem("a".repeat(64))).toBeNull();
  expect(tagsProblem("a".repeat(65))).toContain("64");
  expect(tagsProblem(Array.from({ length: 33 }, (_, at) => `t${at}`).join(","))).toContain("33");
});
