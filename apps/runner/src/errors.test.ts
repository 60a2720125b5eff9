import { expect, test } from "vitest";
import type { Method } from "./calls.ts";
import { fromWire, restoreEnded, threadEnded, toWire } from "./errors.ts";

test("an unexpected failure says what became of the folder", () => {
  const unchanged: Method[] = ["scan", "dirty", "capture", "plan", "prepare", "diff"];
  for (const method of unchanged) {
    const broken = fromWire(toWire(new TypeError("boom")), method);
    expect(broken).toMatchObject({ code: "internal" });
    expect(broken.message).toContain("boom");
    expect(broken.message).toContain("The folder is as before.");
    expect(threadEnded(undefined, method).message).toContain("The folder is as before.");
  }
  const ended = threadEnded(new Error("out of memory"), "apply");
  expect(ended.message).not.toContain("as before");
  expect(restoreEnded(ended, true).message).toMatch(/out of memory.*the folder is as before/);
  expect(restoreEnded(ended, false).message).toMatch(/out of memory.*when it starts next/);
});
