import { caps } from "@cairn/shared/session";
import { expect, test } from "vitest";
import { addTag } from "./tag-input.ts";

test("what was typed becomes tags: trimmed, split at commas, each once", () => {
  expect(addTag(["green"], "  wip ")).toEqual({ tags: ["green", "wip"] });
  expect(addTag(["green"], "a, b ,,green,a")).toEqual({ tags: ["green", "a", "b"] });
  expect(addTag(["green"], "  ")).toEqual({ tags: ["green"] });
});

test("a tag or a list over its cap is said, not cut", () => {
  expect(addTag([], "x".repeat(caps.tag_chars))).toHaveProperty("tags");
  expect(addTag([], "x".repeat(caps.tag_chars + 1))).toHaveProperty("error");
  const full = Array.from({ length: caps.tags }, (_, at) => `t${at}`);
  expect(addTag(full, "t1")).toEqual({ tags: full });
  expect(addTag(full, "one more")).toHaveProperty("error");
});
