import { expect, test } from "vitest";
import { triggerWords } from "./trigger-words.ts";

test("a trigger is said in words, known reason or not", () => {
  expect(triggerWords({ kind: "manual" })).toBe("Manual");
  expect(triggerWords({ kind: "automatic", reason: "tool_call" })).toBe(
    "Automatic, after a tool call",
  );
  expect(triggerWords({ kind: "automatic", reason: "my_own_hook" })).toBe("Automatic, my own hook");
  expect(triggerWords({ kind: "automatic", reason: "constructor" })).toBe("Automatic, constructor");
});
