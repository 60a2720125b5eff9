// Event streams over real HTTP, read as curl and EventSource read them.
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { post } from "../testing/call.ts";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";

let server: TestServer;
let session_id: string;
let readers: Reader[];

beforeEach(async () => {
  readers = [];
  server = await startTestServer({ limits: { beatMs: 50, callsPerSecond: 100_000 } });
  ({ session_id } = await server.call("create_session", { name: "s" }));
});
afterEach(async () => {
  for (const reader of readers) reader.response.destroy();
  await server.stop();
});

interface Message {
  id: string | undefined;
  event: string | undefined;
  data: { seq: number; prev: number; event_type: string; data: object };
}

/** One stream as it comes in; `messages` as EventSource would hand them over. */
class Reader {
  readonly response: IncomingMessage;
  text = "";
  ended = false;
  #watchers: (() => void)[] = [];

  constructor(response: IncomingMessage) {
    this.response = response;
    response.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
      this.#changed();
    });
    response.on("error", () => undefined);
    response.on("close", () => {
      this.ended = true;
      this.#changed();
    });
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.ended) throw new Error(`the stream ended with ${this.text}`);
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  get lastId(): string {
    return [...this.text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";
  }

  get messages(): Message[] {
    const blocks = this.text.split("\n\n").slice(0, -1);
    return blocks.flatMap((block) => {
      const of = (field: string) => new RegExp(`^${field}: (.*)$`, "m").exec(block)?.[1];
      const data = of("data");
      if (data === undefined) return [];
      return [{ id: of("id"), event: of("event"), data: JSON.parse(data) as Message["data"] }];
    });
  }

  async count(count: number): Promise<Message[]> {
    await this.until(() => this.messages.length >= count);
    return this.messages;
  }

  get seqs(): number[] {
    return this.messages.map(({ data }) => data.seq);
  }
}

async function open(query = "", headers: Record<string, string> = {}): Promise<Reader> {
  const url = new URL(`/api/sessions/${session_id}/events${query}`, server.url);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const authorization = `Bearer ${server.token}`;
    request(url, { headers: { authorization, ...headers }, agent: false })
      .on("response", resolve)
      .on("error", reject)
      .end();
  });
  const reader = new Reader(response);
  readers.push(reader);
  return reader;
}

async function commit(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await server.call("checkpoint", { session_id });
}

test("[SSE1] events come with their place, type and JSON, and say when to come back", async () => {
  const reader = await open();
  expect(reader.response.statusCode).toBe(200);
  expect(reader.response.headers).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  const { session } = await server.call("get_session", { session_id });
  await reader.until(() => reader.text.includes("id: "));
  expect(reader.text).toMatch(/^retry: \d+\nid: [^\n]+:1\n\n/);
  await commit(2);
  const messages = await reader.count(2);
  const { events } = await server.call("list_events", { session_id, after: 1 });
  expect(messages).toEqual(
    events.map((event) => ({
      id: `${session.epoch}:${event.seq}`,
      event: "checkpoint_created",
      data: { ...event, prev: event.seq - 1 },
    })),
  );
});

test("[SSE1] only the types that are named, and without names the base", async () => {
  const chosen = await open("?events=checkpoint_updated,%20checkpoint_deleted");
  const base = await open();
  const { checkpoint_id } = await server.call("checkpoint", { session_id });
  await server.call("annotate", { session_id, checkpoint_id, note: "n" });
  await server.call("delete", { session_id, checkpoint_id });
  const of = async (reader: Reader) => (await reader.count(2)).map(({ event }) => event);
  expect(await of(chosen)).toEqual(["checkpoint_updated", "checkpoint_deleted"]);
  expect(await of(base)).toEqual(["checkpoint_created", "checkpoint_deleted"]);
});

describe("[SSE2] a stream resumes", () => {
  test("after the last id, without a gap or a double, while events are committed", async () => {
    await commit(3);
    const seen: number[] = [];
    let place = (await server.call("get_session", { session_id })).session.epoch.concat(":1");
    const writing = commit(20);
    while (seen.length < 23) {
      const reader = await open("?since=start", { "last-event-id": place });
      await reader.count(Math.min(4, 23 - seen.length));
      reader.response.destroy();
      seen.push(...reader.seqs);
      place = reader.lastId;
    }
    await writing;
    expect(seen).toEqual(Array.from({ length: 23 }, (_, n) => n + 2));
  });

  test("from the start, the last few, a time or a place", async () => {
    await commit(4);
    const { events, epoch } = await server.call("list_events", { session_id });
    const of = async (since: string, count: number): Promise<number[]> => {
      const reader = await open(`?since=${encodeURIComponent(since)}`);
      await reader.count(count);
      return reader.seqs;
    };
    expect(await of("start", 4)).toEqual([2, 3, 4, 5]);
    expect(await of("last:2", 2)).toEqual([4, 5]);
    expect(await of(`${epoch}:4`, 1)).toEqual([5]);
    const time = events.at(-1)?.data.timestamp ?? "";
    expect((await of(time, 1)).at(-1)).toBe(5);
  });

  test("from where it was live, also when nothing came", async () => {
    const first = await open();
    await first.until(() => first.text.includes("id: "));
    first.response.destroy();
    await commit(1);
    const second = await open("", { "last-event-id": first.lastId });
    expect((await second.count(1))[0]?.data.seq).toBe(2);
  });

  test("from what a sync has told, although no event of its types came", async () => {
    const first = await open("?events=checkpoint_restored&since=start");
    await first.until(() => /^id: .*:1\n\n$/m.test(first.text.replace(/^retry.*\n/, "")));
    expect(first.messages).toEqual([]);
  });
});

test("[SSE3] a place that is lost is told by a reset, and the stream goes on live", async () => {
  await commit(2);
  for (const place of ["another:1", `${session_id}:99`]) {
    const reader = await open("", { "last-event-id": place });
    const [reset] = await reader.count(1);
    expect(reset).toMatchObject({ event: "reset", data: { session_id, seq: 3, oldest_seq: 1 } });
    expect(reader.lastId).toMatch(/:3$/);
  }
  const reader = await open("", { "last-event-id": "another:1" });
  await reader.count(1);
  await commit(1);
  expect((await reader.count(2))[1]?.data.seq).toBe(4);
});

test("what cannot be understood is refused, and nothing is left open", async () => {
  const cases: [string, Record<string, string>, number, string][] = [
    ["?since=yesterday", {}, 400, "invalid_params"],
    ["?since=last:99999", {}, 400, "invalid_params"],
    ["?events=checkpoint_created,nope", {}, 400, "invalid_params"],
    ["", { "last-event-id": "x" }, 400, "invalid_params"],
    ["", { authorization: "Bearer wrong" }, 401, "unauthenticated"],
    ["", { origin: "https://evil.example" }, 403, "origin_refused"],
  ];
  for (const [query, headers, status, code] of cases) {
    const reader = await open(query, headers);
    await reader.until(() => reader.text.includes("error_code"));
    expect(reader.response.statusCode).toBe(status);
    expect(JSON.parse(reader.text)).toMatchObject({ error_code: code });
  }
  session_id = "00000000-0000-4000-8000-000000000000";
  expect((await open()).response.statusCode).toBe(404);
  session_id = "x";
  expect((await open()).response.statusCode).toBe(400);
  expect((await server.call("list_connections", {})).connections).toEqual([]);
});

test("comments keep a silent stream alive, and nobody is kept who is gone", async () => {
  const reader = await open();
  await reader.until(() => /\n:\n\n:\n\n/.test(reader.text));
  expect(reader.messages).toEqual([]);
  expect((await server.call("list_connections", {})).connections).toMatchObject([
    { actor: "admin", remote: "127.0.0.1", subscriptions: [{ session_id, lag: 0 }] },
  ]);
  reader.response.destroy();
  await expect
    .poll(async () => (await server.call("list_connections", {})).connections)
    .toEqual([]);
  expect((await server.call("metrics", {})).gauges["cairn_event_streams"]).toBe(0);
});

test("[SLO1] a reader that stops is held to its bound, and gets the rest later, in order", async () => {
  // Each event about the session holds 200 KB of these.
  const patterns = Array.from({ length: 200 }, (_, n) => `${"p".repeat(500)}${n}`);
  const settings = { ignore: patterns, include: patterns };
  await server.call("update_session", { session_id, settings });
  const reader = await open("?events=session_updated");
  await reader.until(() => reader.text.includes("id: "));
  reader.response.pause();
  let commits = 0;
  const lag = async (): Promise<number> =>
    (await server.call("list_connections", {})).connections[0]?.subscriptions[0]?.lag ?? 0;
  // Until even the kernel takes no more, and beyond what the server remembers beside the log.
  while ((await lag()) < 30) {
    await server.call("update_session", { session_id, name: `${(commits += 1)}` });
    expect(commits).toBeLessThan(1_000);
  }
  const [connection] = (await server.call("list_connections", {})).connections;
  expect(connection?.buffered_bytes).toBeLessThan(1024 * 1024);
  reader.response.resume();
  const last = `:${commits + 2}\nevent: `;
  await reader.until(() => {
    const end = reader.text.slice(-300_000);
    return end.endsWith("\n\n") && end.includes(last);
  });
  expect(reader.seqs).toEqual(Array.from({ length: commits }, (_, n) => n + 3));
}, 60_000);

test("[LIV1] a stop ends it whole, with a time to come back", async () => {
  const reader = await open();
  await reader.until(() => reader.text.includes("id: "));
  await commit(1);
  await reader.count(1);
  await server.stop();
  await expect.poll(() => reader.ended).toBe(true);
  expect(reader.response.complete).toBe(true);
  expect(reader.text).toMatch(/retry: \d+\n: restarting\n\n$/);
  server = await startTestServer();
});

test("[AUT3] a revoked key ends the streams that it opened", async () => {
  const code = new URL(server.loginUrl()).hash.replace("#login=", "");
  const answer = await post(server, "/api/login", { code });
  const { result } = (await answer.json()) as { result: { key: string; key_id: string } };
  const theirs = await open("", { authorization: `Bearer ${result.key}` });
  const mine = await open();
  await theirs.until(() => theirs.text.includes("id: "));
  await server.call("revoke_key", { key_id: result.key_id });
  await expect.poll(() => theirs.ended).toBe(true);
  expect(theirs.text).toContain(": 4500 ");
  await commit(1);
  await mine.count(1);
});

test("a session that is purged ends its streams", async () => {
  const reader = await open();
  await reader.until(() => reader.text.includes("id: "));
  await server.call("delete_session", { session_id, permanent: true });
  await expect.poll(() => reader.ended, { timeout: 5_000 }).toBe(true);
});

test("[HTT3] it is read by GET alone", async () => {
  const path = `/api/sessions/${session_id}/events`;
  expect((await post(server, path, {})).status).toBe(405);
  const headers = { authorization: `Bearer ${server.token}` };
  const head = await fetch(new URL(path, server.url), { method: "HEAD", headers });
  expect(head.headers.get("content-type")).toBe("text/event-stream");
  await expect
    .poll(async () => (await server.call("list_connections", {})).connections)
    .toEqual([]);
});
