import { expect, test } from "vitest";
import { checkpointRow } from "../testing/rows.ts";
import { edgeBetween, nodeShape, triggerWords } from "./row-facts.ts";

test("a safety checkpoint is not shown as just another automatic one", () => {
  const safety = checkpointRow(1, { trigger: { kind: "automatic", reason: "before_restore" } });
  const call = checkpointRow(2, { trigger: { kind: "automatic", reason: "tool_call" } });
  expect([nodeShape(safety), nodeShape(call)]).toEqual(["safety", "automatic"]);
  expect(triggerWords(call)).toBe("automatic, tool call");
});

test("an edge is solid only to the true parent", () => {
  const first = checkpointRow(1);
  const second = checkpointRow(2, { parent_id: first.checkpoint_id });
  const branch = checkpointRow(3, { parent_id: first.checkpoint_id });
  expect(edgeBetween(second, first, false)).toBe("solid");
  expect(edgeBetween(branch, second, false)).toBe("dotted");
  expect(edgeBetween(first, undefined, false)).toBe("none");
  expect(edgeBetween(second, undefined, true)).toBe("solid");
  expect(edgeBetween(undefined, first, true)).toBe("none");
});

test("a parent in the trash is replaced by the nearest that lives", () => {
  const first = checkpointRow(1);
  const third = checkpointRow(3, {
    parent_id: checkpointRow(2).checkpoint_id,
    shown_parent_id: first.checkpoint_id,
  });
  expect(edgeBetween(third, first, false)).toBe("solid");
});
