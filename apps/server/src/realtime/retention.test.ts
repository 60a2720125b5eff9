// Logs that are cut short behind those who read them, over real sockets and streams.
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";

let server: TestServer;
let session_id: string;
let checkpoint_id: string;

beforeEach(async () => {
  server = await startTestServer({
    logEvents: 5,
    limits: { callsPerSecond: 100_000 },
    trimPauses: { settleMs: 1, breathMs: 1, sweepMs: 3_600_000 },
  });
  ({ session_id } = await server.call("create_session", { name: "s" }));
  ({ checkpoint_id } = await server.call("checkpoint", { session_id }));
});
afterEach(async () => await server.stop());

async function commit(count: number, note = "n"): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await server.call("annotate", { session_id, checkpoint_id, note });
  }
}

const position = async () =>
  await server.call("list_events", { session_id, after: 1_000_000, limit: 1 });

async function openStream(query: string, place?: string): Promise<IncomingMessage> {
  const url = new URL(`/api/sessions/${session_id}/events${query}`, server.url);
  const headers = {
    authorization: `Bearer ${server.token}`,
    ...(place === undefined ? {} : { "last-event-id": place }),
  };
  return await new Promise((resolve, reject) => {
    request(url, { headers, agent: false }).on("response", resolve).on("error", reject).end();
  });
}

const seqsIn = (text: string): number[] =>
  [...text.matchAll(/^id: .*:(\d+)\nevent: checkpoint_updated$/gm)].map(([, seq]) => Number(seq));

describe("[LOG3] trimming behind a reader", () => {
  test("costs one that is live not a single event, on a socket and on a stream", async () => {
    const client = await server.client();
    await client.call("subscribe", { session_id, events: ["checkpoint_updated"] });
    const stream = await openStream("?events=checkpoint_updated");
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await commit(150);
    const all = Array.from({ length: 150 }, (_, n) => n + 3);
    await client.event("checkpoint_updated", 150);
    const updates = client.events.filter(({ event_type }) => event_type === "checkpoint_updated");
    expect(updates.map((event) => ("seq" in event ? event.seq : 0))).toEqual(all);
    await expect.poll(() => seqsIn(text)).toEqual(all);
    // It was at work all along.
    await expect.poll(async () => (await position()).oldest_seq).toBe(148);
    const { counters } = await server.call("metrics", {});
    expect(counters["cairn_log_trimmed_events_total"]).toBe(147);
    stream.destroy();
  });

  test("is told to one that comes back too late, and to none in time", async () => {
    await commit(20);
    await expect.poll(async () => (await position()).oldest_seq).toBe(18);
    const { epoch } = await position();
    const first = async (place: string): Promise<string> => {
      const stream = await openStream("?events=checkpoint_updated", place);
      let text = "";
      await new Promise<void>((resolve) => {
        stream.on("data", (chunk: Buffer) => {
          text += chunk.toString();
          if (/^event: /m.test(text)) resolve();
        });
      });
      stream.destroy();
      return text;
    };
    expect(await first(`${epoch}:16`)).toContain("event: reset");
    const inTime = await first(`${epoch}:17`);
    expect(inTime).not.toContain("event: reset");
    expect(seqsIn(inTime)[0]).toBe(18);
  });

  test("[SLO4] ends one that stopped reading, with a code to come back; it is never sent a gap", async () => {
    // Each event about the session holds 200 KB of these.
    const patterns = Array.from({ length: 200 }, (_, n) => `${"p".repeat(500)}${n}`);
    const settings = { ignore: patterns, include: patterns };
    await server.call("update_session", { session_id, settings });
    const client = await server.client();
    const { seq } = await client.call("subscribe", { session_id, events: ["session_updated"] });
    client.ws.pause();
    const lag = async (): Promise<number> => {
      const { connections } = await server.call("list_connections", {});
      return connections[0]?.subscriptions[0]?.lag ?? 0;
    };
    // By more than the server remembers beside the log.
    let commits = 0;
    while ((await lag()) < 50) {
      await server.call("update_session", { session_id, name: `${(commits += 1)}` });
      expect(commits).toBeLessThan(1_000);
    }
    await expect.poll(async () => (await position()).oldest_seq).toBe(seq + commits - 4);
    client.ws.resume();
    const { code } = await client.until(() => client.closed, "the close");
    expect(code).toBe(4409);
    const seqs = client.events.flatMap((event) => ("seq" in event ? [event.seq] : []));
    expect(seqs.length).toBeGreaterThan(0);
    expect(seqs).toEqual(seqs.map((_, n) => seq + 1 + n));
    const { counters } = await server.call("metrics", {});
    expect(counters["cairn_behind_log_total"]).toBe(1);
    expect(counters['cairn_sockets_closed_total{code="4409"}']).toBe(1);
    expect(counters["cairn_lagged_total"]).toBeGreaterThan(0);
  }, 60_000);
});
