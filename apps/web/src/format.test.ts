import { expect, test } from "vitest";
import { folderName, formatAge, formatBytes, plural } from "./format.ts";

test("bytes keep at most three digits and never round up to 1000 of a unit", () => {
  expect(
    [0, 999, 1000, 1449, 9_949, 9_950, 99_600, 999_499, 999_500, 23_400_000].map(formatBytes),
  ).toEqual([
    "0 B",
    "999 B",
    "1.0 KB",
    "1.4 KB",
    "9.9 KB",
    "10 KB",
    "100 KB",
    "999 KB",
    "1.0 MB",
    "23 MB",
  ]);
});

test("an age has one unit, and a clock that runs ahead is not a negative age", () => {
  const now = Date.parse("2026-01-31T12:00:00.000Z");
  const ages = [-5000, 0, 999, 1000, 59_999, 60_000, 3_599_999, 86_400_000, 86_400_000 * 59];
  expect(ages.map((age) => formatAge(new Date(now - age).toISOString(), now))).toEqual([
    "now",
    "now",
    "now",
    "1s",
    "59s",
    "1m",
    "59m",
    "1d",
    "59d",
  ]);
});

test("a folder's name survives trailing slashes and the root", () => {
  expect([folderName("/home/ada/app/"), folderName("C:\\x\\y"), folderName("/")]).toEqual([
    "app",
    "y",
    "/",
  ]);
});

test("one is singular", () => {
  expect([plural(0, "file"), plural(1, "file"), plural(1200, "file")]).toEqual([
    "0 files",
    "1 file",
    "1,200 files",
  ]);
});
