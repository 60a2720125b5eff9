import { defaultSettings, type Session } from "@cairn/shared/session";
import { expect, test } from "vitest";
import { byActivity, keepOrder, matchesSearch } from "./order.ts";

function session(
  name: string,
  last_event_at: string | null,
  workspace = `/home/ada/${name}`,
): Session {
  return {
    session_id: name,
    name,
    workspace,
    status: "open",
    labels: {},
    created_at: "2026-01-01T00:00:00.000Z",
    deleted_at: null,
    demo: false,
    head: null,
    checkpoints: 0,
    bytes: 0,
    last_event_at,
    seq: 1,
    epoch: "e",
    settings: defaultSettings,
  };
}

const old = session("old", "2026-01-02T00:00:00.000Z");
const recent = session("recent", "2026-01-03T00:00:00.000Z");
const untouched = session("untouched", null);

test("the newest activity is first, and a session without events counts by its birth", () => {
  expect([untouched, old, recent].toSorted(byActivity)).toEqual([recent, old, untouched]);
});

test("rows under the pointer stay where they are, and new ones come on top", () => {
  expect(
    keepOrder([recent, old, untouched], ["old", "untouched"]).map((each) => each.name),
  ).toEqual(["recent", "old", "untouched"]);
});

test("every word of a search has to be found, in name or folder, without regard to case", () => {
  const app = session("Fix login", null, "/home/me/Shop");
  expect(["", "shop", "LOGIN shop", "me/sh"].every((search) => matchesSearch(app, search))).toBe(
    true,
  );
  expect(matchesSearch(app, "login bakery")).toBe(false);
});
