// The counters and gauges of what is connected, as `metrics` and /metrics tell them.
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestServer } from "./testing/harness.ts";
import type { TestServer } from "./testing/harness.ts";

let server: TestServer;
let session_id: string;
beforeEach(async () => {
  server = await startTestServer();
  ({ session_id } = await server.call("create_session", { name: "s" }));
});
afterEach(async () => await server.stop());

const numbers = async () => await server.call("metrics", {});

test("tell of subscriptions by mode, of sockets and of streams, and forget them", async () => {
  const other = (await server.call("create_session", { name: "t" })).session_id;
  const [one, two] = [await server.client(), await server.client()];
  await one.call("subscribe", { session_id: "*" });
  await one.call("subscribe", { session_id, ack: {}, batch: {} });
  await one.call("subscribe", { session_id: other, batch: {} });
  await two.call("subscribe", { session_id, filter: { tags: ["t"] } });
  await two.call("subscribe", { session_id: other });
  const headers = { authorization: `Bearer ${server.token}` };
  const url = new URL(`/api/sessions/${session_id}/events`, server.url);
  const stream = await fetch(url, { headers });
  const { gauges } = await numbers();
  const modes = ["overview", "acknowledged", "batched", "selective", "base"];
  const of = (mode: string): number | undefined => gauges[`cairn_subscriptions{mode="${mode}"}`];
  expect(modes.map(of)).toEqual([1, 1, 1, 1, 2]);
  expect([gauges["cairn_sockets"], gauges["cairn_event_streams"]]).toEqual([2, 1]);

  const text = await (await fetch(new URL("/metrics", server.url), { headers })).text();
  expect(text).toContain('cairn_subscriptions{mode="base"} 2\n');
  await stream.body?.cancel();
  await one.call("unsubscribe", { session_id: "*" });
  await two.close();
  await expect
    .poll(async () => {
      const { gauges } = await numbers();
      return modes.map((mode) => gauges[`cairn_subscriptions{mode="${mode}"}`]);
    })
    .toEqual([0, 1, 1, 0, 0]);
});

test("count events, acks, what was sent again, batches and names taken", async () => {
  const [one, two] = [await server.client(), await server.client()];
  const options = { session_id, ack: { wait_ms: 100, consumer: "mirror" }, batch: {} };
  const { subscription_id } = await one.call("subscribe", { ...options, since: "start" });
  for (let n = 0; n < 3; n += 1) await server.call("checkpoint", { session_id });
  const seen = (): number => one.frames.filter((frame) => frame.includes('"redelivered"')).length;
  await one.until(() => seen() > 0, "an event again");
  await one.call("ack", { subscription_id, seq: 2 });
  await two.call("subscribe", options);
  await one.event("subscription_ended");
  await expect.poll(async () => (await numbers()).counters["cairn_consumers_taken_total"]).toBe(1);
  const { counters } = await numbers();
  expect(counters['cairn_calls_total{method="ack",outcome="ok"}']).toBe(1);
  expect(counters["cairn_events_redelivered_total"]).toBeGreaterThan(0);
  expect(counters["cairn_batches_total"]).toBeGreaterThan(0);
  expect(counters["cairn_events_delivered_total"]).toBeGreaterThanOrEqual(3);
});
