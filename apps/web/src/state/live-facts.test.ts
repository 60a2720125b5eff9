import { defaultSettings, type Session } from "@cairn/shared/session";
import { expect, test } from "vitest";
import { HandClock } from "../testing/hand-clock.ts";
import { session_id } from "../testing/rows.ts";
import { ScriptedClient } from "../testing/scripted-client.ts";
import { factsNow, noteSessionFacts, noteTransientFacts } from "./live-facts.ts";
import { LiveSession } from "./live-session.ts";

/** As a summary shows a session of whose folder nothing is known. */
const unknown: Session = {
  session_id,
  name: "s",
  workspace: "/w",
  status: "open",
  labels: {},
  created_at: "2026-01-01T00:00:00.000Z",
  deleted_at: null,
  demo: false,
  head: null,
  checkpoints: 0,
  bytes: 0,
  last_event_at: null,
  seq: 0,
  epoch: "e",
  settings: defaultSettings,
};

function tell(dirty_files: number | null): void {
  noteTransientFacts({ event_type: "workspace_dirty", data: { session_id, dirty_files } });
}

test("a summary without a count takes a stale one away, unless this page watches the session", () => {
  const client = new ScriptedClient();
  const live = new LiveSession(session_id, () => client, new HandClock());
  live.start();
  tell(3);
  // It may be older than what the subscription told.
  noteSessionFacts(unknown);
  expect(factsNow(session_id).dirty_files).toBe(3);
  live.stop();
  noteSessionFacts(unknown);
  expect(factsNow(session_id)).not.toHaveProperty("dirty_files");
});

test("a look that failed is shown no longer once nobody looks at the folder", () => {
  const client = new ScriptedClient();
  const live = new LiveSession(session_id, () => client, new HandClock());
  live.start();
  tell(null);
  expect(factsNow(session_id).dirty_files).toBeNull();
  noteSessionFacts({ ...unknown, status: "closed" });
  expect(factsNow(session_id)).not.toHaveProperty("dirty_files");
  live.stop();
});
