import { expect, test } from "vitest";
import { liveEvent } from "../testing/scripted-client.ts";
import { feedRows } from "./feed-rows.ts";

const words = (...args: Parameters<typeof feedRows>) =>
  feedRows(...args).map((row) =>
    row.kind === "event"
      ? row.event.seq
      : row.kind === "gap"
        ? `gap ${row.after}-${row.before}`
        : `missing ${row.from}-${row.to}`,
  );

test("newest first, with a rule where events are missing", () => {
  const events = [1, 2, 5].map((seq) => liveEvent(seq, "checkpoint_created"));
  expect(words(events, null)).toEqual([5, "gap 2-5", 2, 1]);
});

test("a type that is filtered out is no gap", () => {
  const events = [
    liveEvent(1, "checkpoint_created"),
    liveEvent(2, "checkpoint_deleted"),
    liveEvent(3, "checkpoint_created"),
  ];
  expect(words(events, "checkpoint_created")).toEqual([3, 1]);
});

test("a log that started anew is no gap", () => {
  const events = [
    liveEvent(9, "checkpoint_created"),
    liveEvent(1, "session_created", { epoch: "f", prev: 0 }),
  ];
  expect(words(events, null)).toEqual([1, 9]);
});

test("what is just asked for again stands on top, whatever type is shown", () => {
  const events = [liveEvent(1, "checkpoint_created")];
  expect(words(events, "checkpoint_deleted", { from: 2, to: 4 })).toEqual(["missing 2-4"]);
  expect(words(events, null, { from: 2, to: 4 })).toEqual(["missing 2-4", 1]);
});
