import { expect, test } from "vitest";
import { contains, overlaps } from "./overlap.ts";

test.each([
  ["/a/b", "/a/b", true],
  ["/a/b", "/a/b/c", true],
  ["/a/b", "/a/bc", false],
  ["/a/b", "/a", false],
  ["/", "/a", true],
  ["/a/b", "/a/..b", false],
  ["/a", "/a/..b", true],
])("%s contains %s: %s", (outer, inner, expected) => {
  expect(contains(outer, inner)).toBe(expected);
});

test("overlap is mutual", () => {
  expect(overlaps("/a", "/a/b")).toBe(true);
  expect(overlaps("/a/b", "/a")).toBe(true);
  expect(overlaps("/a/b", "/a/c")).toBe(false);
});
