import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEventLog } from "../testing/event-log.ts";
import type { EventLog } from "../testing/event-log.ts";
import { idempotencyMs } from "../storage/store.ts";
import { LogTrimmer } from "./log-trimmer.ts";
import type { LogBound, TrimPauses } from "./log-trimmer.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** What `openEventLog` writes into every event. */
const eventTime = Date.parse("2026-01-31T12:00:00.000Z");
const never = 3_600_000;
const quick: TrimPauses = { settleMs: 2, breathMs: 1, sweepMs: never };

let log: EventLog;
let trimmers: LogTrimmer[];
let trimmed: number;
const errors: string[] = [];

beforeEach(async () => {
  log = await openEventLog();
  trimmers = [];
  trimmed = 0;
  errors.length = 0;
});
afterEach(async () => {
  for (const trimmer of trimmers) await trimmer.close();
  await log.close();
  if (errors.length > 0) throw new Error(errors.join("; "));
});

function start(bound: Partial<LogBound>, pauses = quick, now = () => eventTime): LogTrimmer {
  const trimmer = new LogTrimmer({
    store: log.store,
    bus: log.bus,
    bound: { events: 100_000, days: 30, ...bound },
    now,
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (_fields, message) => errors.push(message),
    },
    onTrimmed: (events) => (trimmed += events),
    pauses,
  });
  trimmers.push(trimmer);
  return trimmer;
}

async function fill(session_id: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await log.commit(session_id);
}

const oldest = async (session_id: string) => (await log.store.position(session_id))?.oldest_seq;

const answer = (key: string, created: number) => ({
  actor: "ada",
  method: "checkpoint",
  key,
  params_hash: "a".repeat(64),
  result: "{}",
  created_at: new Date(created).toISOString(),
});
const keep = async (row: ReturnType<typeof answer>): Promise<void> =>
  await log.store.transact((tx) => tx.insertIdempotent(row));
const kept = async (key: string): Promise<boolean> =>
  (await log.store.idempotent("ada", "checkpoint", key)) !== null;

describe("[LOG2] logs", () => {
  test("are trimmed to their bound as they grow, each by itself", async () => {
    const [long, short] = [await log.newSession(), await log.newSession()];
    start({ events: 10 }, { ...quick, settleMs: 0 });
    await fill(short, 10);
    await fill(long, 25);
    await expect.poll(() => oldest(long)).toBe(16);
    expect(await oldest(short)).toBe(1);
    expect(await log.store.position(long)).toMatchObject({ seq: 25 });
    expect(trimmed).toBe(15);
  });

  test("that were too long already, or too old, are found by the look at everything", async () => {
    const [long, trash] = [await log.newSession(), await log.newSession()];
    await fill(long, 30);
    await fill(trash, 30);
    await log.store.transact((tx) => tx.updateSession(trash, { deleted_at: "2026-02-01" }));
    start({ events: 12 });
    await expect.poll(() => oldest(long)).toBe(19);
    await expect.poll(() => oldest(trash)).toBe(19);
  });

  test("lose what is too old, but for the newest event", async () => {
    const session_id = await log.newSession();
    await fill(session_id, 5);
    let now = eventTime + 3 * dayMs;
    await keep(answer("witness", 0));
    start({ days: 3 }, { ...quick, sweepMs: 2 }, () => now);
    // The last thing of a look at everything.
    await expect.poll(() => kept("witness")).toBe(false);
    expect(await oldest(session_id)).toBe(1);
    now += 1;
    await expect.poll(() => oldest(session_id)).toBe(5);
  });

  test("are trimmed slice by slice while others write, and none of those waits long", async () => {
    const session_id = await log.newSession();
    await log.store.transact(async (tx) => {
      for (let n = 0; n < 3_000; n += 1) {
        const data = { session_id, timestamp: new Date(eventTime).toISOString() };
        await tx.appendEvent({ event_type: "session_updated", data, actor: "a" });
      }
    });
    const seen: number[] = [];
    start({ events: 100 });
    while ((await oldest(session_id)) !== 2_901) {
      const at = await oldest(session_id);
      if (at !== undefined && at !== seen.at(-1)) seen.push(at);
      await setImmediate();
    }
    expect(seen.length).toBeGreaterThan(3);
    expect(trimmed).toBe(2_900);
  });

  test("are left alone up to a hundredth over the bound, so that it is not a write an event", async () => {
    const session_id = await log.newSession();
    start({ events: 200 }, { ...quick, settleMs: 0 });
    const other = await log.newSession();
    await fill(session_id, 202);
    await fill(other, 203);
    await expect.poll(() => oldest(other)).toBe(4);
    expect(await oldest(session_id)).toBe(1);
    await fill(session_id, 1);
    await expect.poll(() => oldest(session_id)).toBe(4);
  });

  test("that are gone when their turn comes are no error", async () => {
    const session_id = await log.newSession();
    start({ events: 3 }, { ...quick, settleMs: 1 });
    await fill(session_id, 9);
    await log.store.transact((tx) => tx.purgeSession(session_id));
    const other = await log.newSession();
    await fill(other, 9);
    await expect.poll(() => oldest(other)).toBe(7);
  });
});

test("[IDM1] answers under idempotency keys are forgotten after their day", async () => {
  await log.store.transact(async (tx) => {
    for (let n = 0; n < 700; n += 1) {
      await tx.insertIdempotent(answer(`old ${n}`, eventTime - idempotencyMs - 1 - n));
    }
    await tx.insertIdempotent(answer("young", eventTime - idempotencyMs + 1));
  });
  start({});
  await expect.poll(() => kept("old 0")).toBe(false);
  await expect.poll(() => kept("old 699")).toBe(false);
  expect(await kept("young")).toBe(true);
});

test("closing it amid its work ends that after the slice", async () => {
  const session_id = await log.newSession();
  await log.store.transact(async (tx) => {
    for (let n = 0; n < 1_500; n += 1) {
      const data = { session_id, timestamp: new Date(eventTime).toISOString() };
      await tx.appendEvent({ event_type: "session_updated", data, actor: "a" });
    }
  });
  const trimmer = start({ events: 5 }, { settleMs: 0, breathMs: never, sweepMs: never });
  await expect.poll(() => oldest(session_id)).toBe(501);
  // It waits an hour before the next slice.
  await trimmer.close();
  expect(await oldest(session_id)).toBe(501);
});
