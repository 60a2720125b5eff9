// A stop, as those see it who are connected.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";

let server: TestServer;
let dataDir: string;
let session_id: string;
const others: TestServer[] = [];

beforeEach(async () => {
  const owner = await startTestServer();
  others.push(owner);
  dataDir = join(await owner.folder(), "data");
  server = await startTestServer({ dataDir });
  ({ session_id } = await server.call("create_session", { name: "s" }));
});
afterEach(async () => {
  await server.stop();
  for (const other of others.splice(0)) await other.stop();
});

async function startAgain(): Promise<void> {
  others.push(server);
  server = await startTestServer({ dataDir });
}

describe("[LIV1] a stop", () => {
  test("answers what is at work first, and closes with 1012 and a time to come back", async () => {
    const folder = await server.folder();
    for (let n = 0; n < 300; n += 1) await writeFile(join(folder, `${n}.txt`), `${n}\n`);
    const made = await server.call("create_session", { workspace: folder });
    const client = await server.client();
    const slow = client.send("checkpoint", { session_id: made.session_id });
    const read = client.send("list_sessions");
    await expect
      .poll(async () => (await server.call("list_connections", {})).connections[0]?.in_flight, {
        interval: 1,
      })
      .toBeGreaterThan(0);
    const draining = server.drain();
    const late = client.send("checkpoint", { session_id });
    expect((await client.answerTo(slow)).success).toBe(true);
    expect((await client.answerTo(read)).success).toBe(true);
    expect(await client.answerTo(late)).toMatchObject({ error_code: "shutting_down" });
    const { code, reason } = await client.until(() => client.closed, "the close");
    expect(code).toBe(1012);
    expect(reason).toMatch(/^restarting; retry_after_ms=\d+$/);
    await draining;
    await startAgain();
    const { total } = await server.call("list_checkpoints", { session_id: made.session_id });
    expect(total).toBe(1);
    expect((await server.call("list_checkpoints", { session_id })).total).toBe(0);
  });

  test("spreads the times to come back", async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => server.client()));
    await server.drain();
    const reasons = await Promise.all(
      clients.map(async (client) => (await client.until(() => client.closed, "the close")).reason),
    );
    const times = reasons.map((reason) => Number(reason.split("=")[1]));
    expect(new Set(times).size).toBeGreaterThan(10);
    for (const ms of times) expect(ms).toBeLessThanOrEqual(450);
  });

  test("does not wait for a client that reads nothing", async () => {
    const client = await server.client();
    client.ws.pause();
    await server.drain();
    client.ws.resume();
    const { code } = await client.until(() => client.closed, "the close");
    expect([1012, 1006]).toContain(code);
  });

  test("[CON1] keeps what named consumers have acknowledged", async () => {
    const client = await server.client();
    const consumer = "mirror";
    for (let n = 0; n < 5; n += 1) await server.call("checkpoint", { session_id });
    const { subscription_id } = await client.call("subscribe", {
      session_id,
      since: "start",
      ack: { consumer },
      events: ["checkpoint_created"],
    });
    await client.event("checkpoint_created", 5);
    // Not waited for: the stop itself has to keep it.
    client.ws.send(JSON.stringify({ method: "ack", params: { subscription_id, seq: 4 } }));
    const flushed = client.send("health");
    await client.answerTo(flushed);
    await server.drain();
    await startAgain();
    const { consumers } = await server.call("list_consumers", { session_id });
    expect(consumers).toMatchObject([{ consumer, floor: 4, behind: 2, connected: false }]);
  });
});
