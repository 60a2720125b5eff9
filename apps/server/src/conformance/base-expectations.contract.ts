import { expect } from "vitest";
import type { PlainEvent } from "./plain-client.ts";

/** A UUID that names nothing. */
export const nobody = "00000000-0000-4000-8000-000000000000";
export const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const aboutCheckpoint = ["checkpoint_id", "session_id", "timestamp"];
const baseEvents = {
  checkpoint_created: aboutCheckpoint,
  checkpoint_restored: aboutCheckpoint,
  checkpoint_deleted: aboutCheckpoint,
  checkpoints_compacted: ["remaining", "session_id", "timestamp"],
} as Record<string, string[]>;

/** Every failure: a code of the table and one line for people. */
export function failure(error_code: string): object {
  return { success: false, error: expect.stringMatching(/^.*\w+ \w+.*$/) as unknown, error_code };
}

/** Fails unless each is one of the four events, with exactly its keys. */
export function onlyBase(events: PlainEvent[]): void {
  for (const { event_type, data } of events) {
    expect(Object.keys(baseEvents)).toContain(event_type);
    expect(Object.keys(data).toSorted()).toEqual(baseEvents[event_type]);
    expect(data["timestamp"]).toMatch(time);
  }
}
