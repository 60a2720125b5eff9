import { expect, test } from "vitest";
import { dirtyCount } from "./dirty-count.ts";

test("that changes are not known is said only of a folder that is looked at", () => {
  const open = { status: "open", workspace: "/work", head: "c" } as const;
  expect(dirtyCount(open, null)).toBeNull();
  expect(dirtyCount(open, 2)).toBe(2);
  for (const status of ["closed", "recovery_pending"] as const)
    expect(dirtyCount({ ...open, status }, null)).toBeUndefined();
  expect(dirtyCount({ ...open, head: null }, null)).toBeUndefined();
  expect(dirtyCount({ ...open, workspace: null }, null)).toBeUndefined();
});
