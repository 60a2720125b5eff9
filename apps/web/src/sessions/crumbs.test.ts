import { expect, test } from "vitest";
import { crumbs } from "./crumbs.ts";

test("each crumb leads to its own folder", () => {
  expect(crumbs("/home/me/app").map((crumb) => crumb.path)).toEqual([
    "/",
    "/home",
    "/home/me",
    "/home/me/app",
  ]);
  expect(crumbs("/")).toEqual([{ name: "/", path: "/" }]);
  expect(crumbs("C:\\work\\app").map((crumb) => crumb.path)).toEqual([
    "C:\\",
    "C:\\work",
    "C:\\work\\app",
  ]);
});
