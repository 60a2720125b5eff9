// [FIL1] [FIL2] [FIL3] [SUB5] and the sharing of bytes by those who want the same.
import { eventTypes } from "@cairn/shared/events";
import type { EventType } from "@cairn/shared/events";
import type { Filter } from "@cairn/shared/checkpoint";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoredLine } from "../storage/sql/event-line.ts";
import { at } from "../storage/testing/rows.ts";
import { settled } from "../testing/manual-timers.ts";
import type { FrameClient } from "../testing/frame-client.ts";
import { startSubscriptions } from "../testing/subscription-rig.ts";
import type { SubscriptionRig } from "../testing/subscription-rig.ts";
import { selectionOf } from "./selection.ts";

let rig: SubscriptionRig;
let session_id: string;

beforeEach(async () => {
  rig = await startSubscriptions();
  session_id = await rig.log.newSession();
});
afterEach(async () => await rig.close());

const seqsOf = (client: FrameClient): number[] => client.events.map(({ seq = 0 }) => seq);
const paths = ["src/a.ts", "src/b/a.ts", "docs/ü.md", "src-old/a.ts"];

describe("[FIL1] a filter", () => {
  const row = fc.record({
    message: fc.constantFrom("Straße", "ΣΟΦΟΣ", "100%", "e\u0301té", ""),
    tags: fc.subarray(["green", "Green", "a'b"]),
    author: fc.constantFrom("ada", "agent-1"),
    trigger: fc.record(
      {
        kind: fc.constantFrom("manual" as const, "automatic" as const),
        reason: fc.constantFrom("tool_call", "before_restore"),
      },
      { requiredKeys: ["kind"] },
    ),
    created_at: fc.nat({ max: 9 }).map(at),
    partial: fc.boolean(),
    pinned: fc.boolean(),
    changed_paths: fc.subarray(paths),
  });
  const whole: fc.Arbitrary<Required<Filter>> = fc.record({
    tags: fc.subarray(["green", "a'b"]),
    triggers: fc.subarray(["manual", "automatic", "tool_call"]),
    authors: fc.subarray(["ada", "nobody"]),
    text: fc.constantFrom("strasse", "σοφος", "ÉTÉ", "%", ""),
    file: fc.constantFrom("src", "src/", "**/a.ts", "*.ts", "docs/**", "none"),
    before: fc.nat({ max: 9 }).map((n) => at(n).replace(".000Z", "Z")),
    after: fc.nat({ max: 9 }).map(at),
    partial: fc.boolean(),
    pinned: fc.boolean(),
  });
  const filter = whole.chain((all) =>
    fc
      .subarray(Object.keys(all) as (keyof Filter)[], { maxLength: 3 })
      .map((keys): Filter => Object.fromEntries(keys.map((key) => [key, all[key]]))),
  );

  test("lets pass what list_checkpoints finds by it, live, from the ring and from the log", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 6, maxLength: 12 }),
        fc.array(filter, { minLength: 5, maxLength: 5 }),
        async (rows, filters) => {
          session_id = await rig.log.newSession();
          const live = filters.map(() => rig.client());
          for (const [n, client] of live.entries()) {
            await client.subscribe({ session_id, filter: filters[n] });
          }
          const byId = new Map<string, number>();
          for (const change of rows) {
            const { seq, data } = await rig.log.checkpoint(session_id, change);
            if ("checkpoint_id" in data) byId.set(data.checkpoint_id, seq);
          }
          // Passes every filter: so everyone can be waited for.
          const last = await rig.log.commit(session_id, "checkpoints_compacted");
          const tiny = await startSubscriptions({
            eventLog: rig.log,
            ring: { events: 1, bytes: 1_000 },
          });
          for (const [n, client] of live.entries()) {
            const query = { session_id, limit: 200, order: "asc" as const, filter: filters[n] };
            const found = (await rig.log.store.checkpoints(query)).rows;
            const seqs = found.map(({ checkpoint_id }) => byId.get(checkpoint_id) ?? 0);
            const expected = [...seqs, last.seq];
            const [near, far] = [rig.client(), tiny.client()];
            for (const other of [near, far]) {
              const params = { session_id, filter: filters[n], since: "start" as const };
              const { replayed } = await other.subscribe(params);
              expect(replayed).toBe(expected.length);
            }
            for (const one of [client, near, far]) {
              await one.event(last.seq);
              expect(seqsOf(one)).toEqual(expected);
              expect(one.events.map(({ prev }) => prev)).toEqual([0, ...seqs]);
              one.end();
            }
          }
          await tiny.close();
        },
      ),
      { numRuns: 12 },
    );
  });

  test("by file still finds what was purged since, and what was committed before anybody asked", async () => {
    const filter = { file: "src/a.ts" };
    const [keeper, other] = [rig.client(), rig.client()];
    await keeper.subscribe({ session_id });
    const { data } = await rig.log.checkpoint(session_id, { changed_paths: ["src/a.ts"] });
    await rig.log.checkpoint(session_id, { changed_paths: ["b"] });
    const checkpoint_id = "checkpoint_id" in data ? data.checkpoint_id : "";
    await rig.log.store.transact((tx) =>
      tx.updateCheckpoint(checkpoint_id, { deleted_at: at(5), purged_at: at(5) }),
    );
    await other.subscribe({ session_id, filter, since: "start" });
    await other.event(1);
    const { seq } = await rig.log.checkpoint(session_id, { changed_paths: ["src/a.ts", "x"] });
    await other.event(seq);
    expect(seqsOf(other)).toEqual([1, 3]);
  });
});

describe("[FIL2] every filter is passed by", () => {
  const none: Filter = { authors: [] };
  const about = { session_id: "s", timestamp: at(1) };
  const checkpoint = { author: "ada" };

  test.each(eventTypes)("%s, unless it is about one checkpoint", (event_type) => {
    const line = (more: object): StoredLine => {
      const event = { event_type, data: about, actor: "a", ...more, seq: 1, epoch: "e" };
      return new StoredLine({ seq: 1, event_type, event: JSON.stringify(event) });
    };
    const selection = selectionOf(eventTypes, none);
    expect(selection.matches(line({}), [])).toBe(true);
    expect(selection.matches(line({ checkpoint }), [])).toBe(false);
    const others = eventTypes.filter((type) => type !== event_type);
    expect(selectionOf(others, none).matches(line({}), [])).toBe(false);
  });
});

describe("[FIL3] the last n of a filter", () => {
  test.each([1_000, 2])("count what passes it; the ring holds %i", async (events) => {
    await rig.close();
    rig = await startSubscriptions({ ring: { events, bytes: 1_000_000 } });
    session_id = await rig.log.newSession();
    const tagged: number[] = [];
    for (let n = 0; n < 25; n += 1) {
      const tags = n % 7 === 0 ? ["green"] : [];
      const { seq } = await rig.log.checkpoint(session_id, { tags });
      if (n % 7 === 0) tagged.push(seq);
      // Rows of another type, which are not looked at.
      await rig.log.commit(session_id, "operation_updated");
    }
    const filter = { tags: ["green"] };
    for (const last of [0, 1, 3, 4, 5]) {
      const client = rig.client();
      const reply = await client.subscribe({ session_id, filter, since: { last } });
      const wanted = last === 0 ? [] : tagged.slice(-last);
      expect(reply).toMatchObject({ replayed: wanted.length, recovered: true });
      await client.until(() => client.told("sync").length === 1);
      expect(seqsOf(client)).toEqual(wanted);
    }
  });

  test("reach back over hundreds that do not pass", async () => {
    const { seq } = await rig.log.checkpoint(session_id, { pinned: true });
    for (let n = 0; n < 30; n += 1) {
      await rig.log.store.transact(async (tx) => {
        for (let i = 0; i < 25; i += 1) {
          const data = { session_id, checkpoint_id: session_id, timestamp: at(n) };
          const checkpoint = { pinned: false } as never;
          await tx.appendEvent({ event_type: "checkpoint_updated", data, actor: "a", checkpoint });
        }
      });
    }
    const client = rig.client();
    const events: EventType[] = ["checkpoint_created", "checkpoint_updated"];
    const params = { session_id, events, filter: { pinned: true }, since: { last: 3 } };
    expect(await client.subscribe(params)).toMatchObject({ replayed: 1 });
    await client.event(seq);
  });
});

test("[FIL3] a replay that begins in the log and ends in the ring is linked all the way", async () => {
  await rig.close();
  rig = await startSubscriptions({ ring: { events: 20, bytes: 1_000_000 } });
  for (let offset = 0; offset < 7; offset += 1) {
    session_id = await rig.log.newSession();
    const [witness, late] = [rig.client(), rig.client()];
    await witness.subscribe({ session_id });
    const wanted: number[] = [];
    for (let n = offset; n < offset + 60; n += 1) {
      const type = n % 7 === 0 ? "checkpoint_updated" : "checkpoint_created";
      const { seq } = await rig.log.commit(session_id, type);
      if (n % 7 === 0) wanted.push(seq);
    }
    const events: EventType[] = ["checkpoint_updated"];
    const { replayed } = await late.subscribe({ session_id, events, since: "start" });
    expect(replayed).toBe(wanted.length);
    await late.event(wanted.at(-1) ?? 0);
    expect(late.events.map(({ seq, prev }) => [prev, seq])).toEqual(
      wanted.map((seq, n) => [wanted[n - 1] ?? 0, seq]),
    );
  }
});

describe("bytes", () => {
  test("are the same for filters that mean the same, live and replayed, and others for others", async () => {
    const filters: Filter[] = [
      { tags: ["a", "b"], text: "Straße" },
      { text: "STRASSE", tags: ["b", "a", "a"] },
      { tags: ["a"], text: "Straße" },
    ];
    const clients = filters.map(() => rig.client());
    for (const [n, client] of clients.entries()) {
      await client.subscribe({ session_id, filter: filters[n] });
    }
    await rig.log.checkpoint(session_id, { tags: ["a", "b"], message: "die straße" });
    const [one, same, other] = clients;
    await other?.event(1);
    expect(one?.chunks[0]).toBe(same?.chunks[0]);
    expect(one?.chunks[0]).not.toBe(other?.chunks[0]);
    expect(one?.raw).toEqual(other?.raw);
  });

  test("of a replayed range are made once for all who ask for it", async () => {
    await rig.log.commitAtOnce(session_id, 300);
    const clients = Array.from({ length: 10 }, () => rig.client());
    for (const client of clients) await client.subscribe({ session_id, since: { last: 300 } });
    for (const client of clients) await client.event(300);
    const [first] = clients;
    expect(first?.chunks.length).toBeLessThanOrEqual(5);
    for (const client of clients) {
      // All but the sync, which is the subscription's own.
      const shared = client.chunks.slice(0, 3);
      for (const [n, chunk] of shared.entries()) expect(chunk).toBe(first?.chunks[n]);
    }
  });

  test("of a burst go to everyone as one", async () => {
    const clients = Array.from({ length: 5 }, () => rig.client());
    for (const client of clients) await client.subscribe({ session_id });
    await settled();
    await rig.log.commitAtOnce(session_id, 10);
    for (const client of clients) await client.event(10);
    for (const { chunks } of clients) {
      expect(chunks).toHaveLength(1);
      expect(chunks[0]).toBe(clients[0]?.chunks[0]);
    }
  });
});

test("more different filters than a log keeps bytes for are all served, live and late", async () => {
  const clients = Array.from({ length: 80 }, () => rig.client());
  await rig.log.commitAtOnce(session_id, 20);
  for (const [n, client] of clients.entries()) {
    const since = n % 2 === 0 ? { since: "start" as const } : {};
    await client.subscribe({ session_id, filter: { text: `${n}` }, ...since });
  }
  clients[3]?.hold();
  for (let i = 0; i < 15; i += 1) await rig.log.commitAtOnce(session_id, 100);
  await settled();
  clients[3]?.release();
  const all = Array.from({ length: 1_520 }, (_, n) => n + 1);
  for (const [n, client] of clients.entries()) {
    await client.event(1_520);
    expect(seqsOf(client)).toEqual(n % 2 === 0 ? all : all.slice(20));
  }
});
