import { ProtocolError, type ErrorCode } from "@cairn/shared/errors";
import { expect, test } from "vitest";
import { waysOut } from "./ways-out.ts";

function ways(code: ErrorCode, details: Record<string, unknown> = {}): string[] {
  return waysOut(new ProtocolError(code, "It failed.", { details })).map(([command]) => command);
}

test("a full store leads to what makes room, and to the limit where the session has one", () => {
  expect(ways("store_full", { reason: "limit" })).toEqual(["compact", "trash", "store"]);
  expect(ways("store_full", { limit: "store_bytes" })).toContain("limits");
});

test("a folder over a limit leads to the settings, other limits nowhere", () => {
  expect(ways("limit_reached", { limit: "files" })).toEqual(["settings", "limits"]);
  expect(ways("limit_reached", { limit: "open_files" })).toEqual([]);
  expect(ways("damaged")).toEqual(["validate"]);
  expect(ways("internal")).toEqual([]);
});
