// Subscriptions on a real store, with the wire replaced by a list of frames.
import type { EventType, TransientMessage } from "@cairn/shared/events";
import { eventTypes } from "@cairn/shared/events";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import fc from "fast-check";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEventLog } from "../testing/event-log.ts";
import type { EventLog } from "../testing/event-log.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { Subscriber } from "./subscriptions.ts";

type Frame = {
  event_type: string;
  seq?: number;
  prev?: number;
  epoch?: string;
  data: { session_id: string; seq?: number; epoch?: string; session?: { seq: number } | null };
};

let log: EventLog;
let subscriptions: Subscriptions;
let progress: ((message: TransientMessage) => void) | null;

function open(times: { syncMs?: number; pollMs?: number } = {}): Subscriptions {
  return new Subscriptions({
    store: log.store,
    bus: log.bus,
    log: pino({ level: "silent" }),
    onProgress: (listener) => {
      progress = listener;
      return () => (progress = null);
    },
    onDelivered: () => undefined,
    syncMs: 3_600_000,
    pollMs: 3_600_000,
    ...times,
  });
}

/** A connection whose frames are kept; `hold` keeps replays waiting as a full socket does. */
class Client implements Subscriber {
  readonly frames: Frame[] = [];
  readonly raw: string[] = [];
  readonly subscriptions: Subscriber["subscriptions"] = new Map();
  closed = false;
  closedWith: number | null = null;
  #held: (() => void)[] | null = null;
  #watchers: (() => void)[] = [];
  readonly outbox = {
    send: (frame: string | Uint8Array): void => {
      const text = Buffer.from(frame).toString();
      this.raw.push(text);
      this.frames.push(JSON.parse(text) as Frame);
      for (const watcher of this.#watchers.splice(0)) watcher();
    },
    drained: async (): Promise<void> => {
      if (this.#held === null) return;
      await new Promise<void>((resolve) => this.#held?.push(resolve));
    },
  };

  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const go of held) go();
  }

  close(code: number): void {
    this.closedWith = code;
    this.end();
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  end(): void {
    this.closed = true;
    for (const active of this.subscriptions.values()) active.end();
  }

  async subscribe(params: ParsedParams<"subscribe">): Promise<Result<"subscribe">> {
    const { result, start } = await subscriptions.subscribe(params, this);
    start();
    return result;
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async count(count: number): Promise<Frame[]> {
    await this.until(() => this.frames.length >= count);
    return this.frames;
  }

  get seqs(): (number | undefined)[] {
    return this.frames.map(({ seq }) => seq);
  }
}

beforeEach(async () => {
  log = await openEventLog();
  subscriptions = open();
});

afterEach(async () => {
  subscriptions.close();
  await log.close();
});

async function commitMany(session_id: string, count: number, type?: EventType): Promise<void> {
  for (let i = 0; i < count; i += 1) await log.commit(session_id, type);
}

test("several clients of one session get the same bytes, others get nothing", async () => {
  const [mine, other] = [await log.newSession(), await log.newSession()];
  const [a, b, c] = [new Client(), new Client(), new Client()];
  for (const client of [a, b]) await client.subscribe({ session_id: mine });
  await c.subscribe({ session_id: other });
  await log.commit(mine);
  await log.commit(mine, "checkpoints_compacted");
  await log.commit(other);
  await Promise.all([a.count(2), b.count(2), c.count(1)]);
  expect(a.raw).toEqual(b.raw);
  expect(a.frames.map(({ event_type }) => event_type)).toEqual([
    "checkpoint_created",
    "checkpoints_compacted",
  ]);
  expect(c.frames.map(({ data }) => data.session_id)).toEqual([other]);
});

test("a base subscriber gets the four base types only, and no transient message", async () => {
  const session_id = await log.newSession();
  const [base, all] = [new Client(), new Client()];
  await base.subscribe({ session_id });
  await all.subscribe({ session_id, events: eventTypes });
  for (const type of eventTypes) await log.commit(session_id, type);
  await all.count(eventTypes.length);
  progress?.({
    event_type: "progress",
    data: {
      session_id,
      operation_id: session_id,
      kind: "restore",
      phase: "apply",
      done: 1,
      total: 2,
    },
  });
  expect(base.frames.map(({ event_type }) => event_type)).toEqual(eventTypes.slice(0, 4));
  expect(all.frames.map(({ event_type }) => event_type)).toEqual([...eventTypes, "progress"]);
});

test("each class has its own prev, from where it began", async () => {
  const session_id = await log.newSession();
  await commitMany(session_id, 3);
  const [base, updates] = [new Client(), new Client()];
  expect(await base.subscribe({ session_id })).toMatchObject({ seq: 3, replayed: 0 });
  await updates.subscribe({ session_id, events: ["checkpoint_updated"] });
  await log.commit(session_id, "checkpoint_updated");
  await log.commit(session_id, "checkpoint_created");
  await log.commit(session_id, "checkpoint_updated");
  await Promise.all([updates.count(2), base.count(1)]);
  const places = ({ frames }: Client) => frames.map(({ prev, seq }) => [prev, seq]);
  expect(places(base)).toEqual([[3, 5]]);
  expect(places(updates)).toEqual([
    [3, 4],
    [4, 6],
  ]);
});

test("an event committed before subscribe never arrives, however late its hint is", async () => {
  const session_id = await log.newSession();
  const [first, second] = [new Client(), new Client()];
  await first.subscribe({ session_id });
  const { seq } = await log.commit(session_id, "checkpoint_created", false);
  expect(await second.subscribe({ session_id })).toMatchObject({ seq });
  log.bus.publish({ session_id, seq });
  await log.commit(session_id);
  await Promise.all([first.count(2), second.count(1)]);
  expect(second.seqs).toEqual([2]);
});

test("hints lost, doubled and out of order: every event once and in order", async () => {
  const session_id = await log.newSession();
  const client = new Client();
  await client.subscribe({ session_id });
  for (let i = 1; i <= 20; i += 1) {
    await log.commit(session_id, "checkpoint_created", i % 3 === 0);
    if (i % 3 === 0) log.bus.publish({ session_id, seq: i - 2 });
    if (i % 6 === 0) log.bus.publish({ session_id, seq: i });
  }
  await log.commit(session_id);
  await client.count(21);
  expect(client.seqs).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
});

test("a slow poll heals a lost hint", async () => {
  subscriptions.close();
  subscriptions = open({ pollMs: 20 });
  const session_id = await log.newSession();
  const [client, overview] = [new Client(), new Client()];
  await client.subscribe({ session_id });
  await overview.subscribe({ session_id: "*" });
  await log.commit(session_id, "checkpoint_created", false);
  await Promise.all([client.count(1), overview.count(1)]);
  expect(client.seqs).toEqual([1]);
  expect(overview.frames[0]?.data).toMatchObject({ session_id, session: { seq: 1 } });
});

test("replay by cursor: reply, replayed, sync, live", async () => {
  const session_id = await log.newSession();
  await commitMany(session_id, 450);
  await log.commit(session_id, "checkpoint_updated");
  const position = await log.store.position(session_id);
  const client = new Client();
  const { result, start } = await subscriptions.subscribe(
    { session_id, since: { epoch: position?.epoch ?? "", seq: 20 } },
    client,
  );
  expect(result).toMatchObject({ recovered: true, replayed: 430, seq: 20, oldest_seq: 1 });
  // Nothing before the reply is on its way.
  expect(client.frames).toEqual([]);
  start();
  await client.count(431);
  await log.commit(session_id);
  await client.count(432);
  expect(client.frames[430]).toMatchObject({
    event_type: "sync",
    data: { session_id, epoch: position?.epoch, seq: 451 },
  });
  const events = client.frames.filter(({ event_type }) => event_type !== "sync");
  expect(events.map(({ seq }) => seq)).toEqual([
    ...Array.from({ length: 430 }, (_, i) => 21 + i),
    452,
  ]);
  expect(events[0]).toMatchObject({ prev: 20 });
});

test("the last n count what passes the filter", async () => {
  const session_id = await log.newSession();
  for (let i = 0; i < 10; i += 1) {
    await log.commit(session_id, i % 2 === 0 ? "checkpoint_updated" : "checkpoint_created");
  }
  const client = new Client();
  const events: EventType[] = ["checkpoint_updated"];
  const reply = await client.subscribe({ session_id, events, since: { last: 2 } });
  expect(reply).toMatchObject({ replayed: 2, recovered: true });
  await client.count(3);
  expect(client.seqs).toEqual([7, 9, undefined]);

  const none = new Client();
  expect(await none.subscribe({ session_id, since: { last: 0 } })).toMatchObject({
    replayed: 0,
    seq: 10,
  });
  const many = new Client();
  expect(await many.subscribe({ session_id, since: { last: 10_000 } })).toMatchObject({
    replayed: 5,
    recovered: true,
  });
});

test.each([
  ["another epoch", { epoch: "other", seq: 1 }],
  ["a position that the log does not have", { epoch: null, seq: 4 }],
])("%s: not recovered, live from now", async (_case, { epoch, seq }) => {
  const session_id = await log.newSession();
  await commitMany(session_id, 3);
  const real = (await log.store.position(session_id))?.epoch ?? "";
  const client = new Client();
  const reply = await client.subscribe({ session_id, since: { epoch: epoch ?? real, seq } });
  expect(reply).toMatchObject({ recovered: false, replayed: 0, seq: 3, epoch: real });
  await log.commit(session_id);
  await client.count(2);
  expect(client.frames.map(({ event_type }) => event_type)).toEqual(["sync", "checkpoint_created"]);
});

test("committed while replaying: no gap and no double, whatever falls between (seeded)", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 420 }),
      fc.array(fc.constantFrom("commit", "yield", "hold", "release"), { maxLength: 40 }),
      fc.boolean(),
      async (backlog, steps, selective) => {
        const session_id = await log.newSession();
        await log.store.transact(async (tx) => {
          for (let i = 0; i < backlog; i += 1) {
            await tx.appendEvent({
              event_type: "checkpoint_created",
              data: {
                session_id,
                checkpoint_id: session_id,
                timestamp: "2026-01-31T12:00:00.000Z",
              },
              actor: "tester",
            });
          }
        });
        const epoch = (await log.store.position(session_id))?.epoch ?? "";
        const client = new Client();
        const from = Math.floor(backlog / 2);
        const subscribed = client.subscribe({
          session_id,
          since: { epoch, seq: from },
          ...(selective ? { events: ["checkpoint_created", "checkpoint_updated"] as const } : {}),
        } as ParsedParams<"subscribe">);
        for (const step of steps) {
          if (step === "commit") await log.commit(session_id);
          if (step === "yield") await new Promise((resolve) => setImmediate(resolve));
          if (step === "hold") client.hold();
          if (step === "release") client.release();
        }
        client.release();
        const reply = await subscribed;
        const last = await log.commit(session_id);
        await client.until(() => client.frames.some(({ seq }) => seq === last.seq));
        const events = client.frames.filter(({ event_type }) => event_type !== "sync");
        expect(events.map(({ seq }) => seq)).toEqual(
          Array.from({ length: last.seq - from }, (_, i) => from + 1 + i),
        );
        // The rule by which clients find a gap.
        let position = reply.seq;
        for (const { event_type, prev = 0, seq = 0, data } of client.frames) {
          if (event_type === "sync") position = Math.max(position, data.seq ?? 0);
          else {
            expect(prev).toBeLessThanOrEqual(position);
            expect(seq).toBeGreaterThan(position);
            position = seq;
          }
        }
        const syncAt = client.frames.findIndex(({ event_type }) => event_type === "sync");
        expect(syncAt).toBe(reply.replayed);
        client.end();
      },
    ),
    { numRuns: 40 },
  );
});

test("a second subscribe to the same session replaces the first", async () => {
  const session_id = await log.newSession();
  const client = new Client();
  const first = await client.subscribe({ session_id });
  const second = await client.subscribe({ session_id, events: ["checkpoint_created"] });
  expect(second.subscription_id).not.toBe(first.subscription_id);
  expect(subscriptions.count).toBe(1);
  await commitMany(session_id, 2);
  await client.count(2);
  await log.commit(session_id, "checkpoint_deleted");
  await log.commit(session_id);
  await client.count(3);
  expect(client.seqs).toEqual([1, 2, 4]);
});

test("a refused second subscribe leaves the first as it is", async () => {
  const session_id = await log.newSession();
  const client = new Client();
  await client.subscribe({ session_id });
  const missing = "00000000-0000-4000-8000-000000000000";
  await expect(client.subscribe({ session_id: missing })).rejects.toMatchObject({
    code: "session_not_found",
  });
  await log.commit(session_id);
  await client.count(1);
});

test("unsubscribe by session or by id ends it; without either it is an error", async () => {
  const session_id = await log.newSession();
  const client = new Client();
  const { subscription_id } = await client.subscribe({ session_id });
  expect(() => subscriptions.unsubscribe({}, client)).toThrow(/session_id/);
  expect(subscriptions.unsubscribe({ subscription_id: "other" }, client)).toBe(false);
  expect(subscriptions.unsubscribe({ subscription_id }, client)).toBe(true);
  expect(subscriptions.unsubscribe({ subscription_id }, client)).toBe(false);
  await client.subscribe({ session_id });
  expect(subscriptions.unsubscribe({ session_id }, client)).toBe(true);
  const witness = new Client();
  await witness.subscribe({ session_id });
  await log.commit(session_id);
  await witness.count(1);
  expect(client.frames).toEqual([]);
});

test("everything is freed when a connection closes, also in the middle of a subscribe", async () => {
  const sessions = await Promise.all([log.newSession(), log.newSession()]);
  const clients = Array.from({ length: 20 }, () => new Client());
  for (const client of clients) {
    for (const session_id of sessions) await client.subscribe({ session_id });
    await client.subscribe({ session_id: "*" });
  }
  expect(subscriptions.count).toBe(60);
  expect(subscriptions.following).toBe(2);
  for (const client of clients) client.end();
  expect(subscriptions.count).toBe(0);
  expect(subscriptions.following).toBe(0);

  const late = new Client();
  const halfway = late.subscribe({ session_id: sessions[0] ?? "" });
  late.end();
  await halfway;
  expect(subscriptions.count).toBe(0);
  expect(subscriptions.following).toBe(0);
});

test("at most 128 subscriptions a connection", async () => {
  const client = new Client();
  const end = (): void => undefined;
  for (let i = 0; i < 128; i += 1) client.subscriptions.set(`s${i}`, { subscription_id: "", end });
  await expect(client.subscribe({ session_id: "*" })).rejects.toMatchObject({
    code: "limit_reached",
  });
});

test("sync comes by the clock to those who used an option", async () => {
  subscriptions.close();
  subscriptions = open({ syncMs: 20 });
  const session_id = await log.newSession();
  const [base, opted] = [new Client(), new Client()];
  await base.subscribe({ session_id });
  await opted.subscribe({ session_id, transient: true });
  await log.commit(session_id);
  await opted.until(() => opted.frames.some(({ data }) => data.seq === 1));
  expect(opted.frames.filter(({ event_type }) => event_type === "sync").at(-1)).toMatchObject({
    data: { session_id, seq: 1 },
  });
  expect(base.seqs).toEqual([1]);
});

test('"*" snapshots all sessions, then sends each as it changes, at most four times a second', async () => {
  const sessions: string[] = [];
  for (let i = 0; i < 205; i += 1) sessions.push(await log.newSession(`s${i}`));
  const client = new Client();
  const reply = await client.subscribe({ session_id: "*" });
  expect(reply.sessions?.map(({ session_id }) => session_id).toSorted()).toEqual(
    sessions.toSorted(),
  );
  const [busy = "", calm = ""] = sessions;
  const start = performance.now();
  await commitMany(busy, 50);
  await log.commit(calm);
  await client.until(() => client.frames.some(({ data }) => data.session?.seq === 50));
  const elapsed = performance.now() - start;
  const ofBusy = client.frames.filter(({ data }) => data.session_id === busy);
  expect(ofBusy.length).toBeLessThanOrEqual(2 + Math.floor(elapsed / 250));
  expect(ofBusy.at(-1)?.data.session?.seq).toBe(50);
  expect(client.frames.some(({ data }) => data.session_id === calm)).toBe(true);
});

test('"*" sends null for a deleted session, and takes no events or since', async () => {
  const session_id = await log.newSession();
  const client = new Client();
  await client.subscribe({ session_id: "*" });
  await log.store.transact((tx) =>
    tx.updateSession(session_id, { deleted_at: "2026-01-31T12:00:00.000Z" }),
  );
  await log.commit(session_id, "session_deleted");
  await client.count(1);
  expect(client.frames[0]).toMatchObject({
    event_type: "session_summary",
    data: { session_id, session: null },
  });
  await expect(client.subscribe({ session_id: "*", since: { last: 1 } })).rejects.toMatchObject({
    code: "invalid_params",
  });
});

test("a log that cannot be read closes the connection in the range that reconnects", async () => {
  const session_id = await log.newSession();
  await commitMany(session_id, 300);
  const client = new Client();
  client.hold();
  await client.subscribe({ session_id, since: { last: 300 } });
  await client.count(200);
  await log.store.close();
  client.release();
  await client.until(() => client.closedWith !== null);
  expect(client.closedWith).toBe(4410);
});
