import type { Operation } from "@cairn/shared/operation";
import { describe, expect, test } from "vitest";
import { checkpointName, effect, nextOf, operationTitle, statusWord } from "./operation-words.ts";

function operation(change: Partial<Operation>): Operation {
  return {
    operation_id: "00000000-0000-4000-8000-000000000001",
    session_id: "00000000-0000-4000-8000-00000000000a",
    kind: "restore",
    status: "done",
    actor: "admin",
    created_at: "2026-01-31T12:00:00.000Z",
    finished_at: "2026-01-31T12:00:01.000Z",
    checkpoint_id: "11111111-0000-4000-8000-000000000000",
    safety_checkpoint_id: "22222222-0000-4000-8000-000000000000",
    subject_id: null,
    undone_by: null,
    removed: 0,
    differences: 0,
    next: null,
    ...change,
  };
}

const name = (id: string): string => id.slice(0, 8);

describe("words of operations", () => {
  test("name what undo would do", () => {
    expect(effect("undo", null, [], name)).toBe("Nothing to undo");
    expect(effect("undo", operation({}), [], name)).toBe("Undo the restore to 11111111");
    expect(effect("undo", operation({ kind: "compact", removed: 3 }), [], name)).toBe(
      "Undo the compaction that removed 3 checkpoints",
    );
  });

  test("name a redo by what had been undone", () => {
    const restore = operation({});
    const undo = operation({
      operation_id: "00000000-0000-4000-8000-000000000002",
      kind: "undo",
      subject_id: restore.operation_id,
      next: "redo",
    });
    expect(nextOf([undo, restore], "redo")).toBe(undo);
    expect(nextOf([undo, restore], "undo")).toBeNull();
    expect(effect("redo", undo, [undo, restore], name)).toBe("Redo the restore to 11111111");
    expect(effect("redo", undo, [undo], name)).toBe("Redo what was undone");
    expect(operationTitle(undo, [undo, restore])).toBe("Undo of a restore");
  });

  test("say that something was undone since", () => {
    expect(statusWord(operation({ status: "done_with_differences" }))).toBe(
      "done, with differences",
    );
    expect(statusWord(operation({ undone_by: "00000000-0000-4000-8000-000000000002" }))).toBe(
      "done, then undone",
    );
  });

  test("name a checkpoint by its first line, whole characters only", () => {
    expect(checkpointName("  fix login\nlong story", "11111111-0")).toBe("“fix login”");
    expect(checkpointName(" \n", "11111111-0000")).toBe("11111111");
    expect(checkpointName("👩‍👩‍👧‍👦".repeat(20), "")).toBe(`“${"👩‍👩‍👧‍👦".repeat(5)}…”`);
  });
});
