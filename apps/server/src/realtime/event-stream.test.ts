import { request } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventRoutes } from "../http/events.ts";
import type { Env } from "../http/guards.ts";
import { closeCodes } from "./close-codes.ts";
import { EventStream, eventStreamFraming } from "./event-stream.ts";
import { EventStreams } from "./event-streams.ts";

const framed = (json: object, about: { event_type: string; epoch?: string; seq?: number }) =>
  Buffer.from(eventStreamFraming(JSON.stringify(json), about)).toString();

test("[SSE1] an event is framed with its place; data is one line whatever it holds", () => {
  const event = { event_type: "checkpoint_created", message: "a\nb\r\n\u2028id: 9:9" };
  const text = framed(event, { event_type: "checkpoint_created", epoch: "e", seq: 7 });
  const json = JSON.stringify(event);
  expect(text).toBe(`id: e:7\nevent: checkpoint_created\ndata: ${json}\n\n`);
  expect(json).not.toMatch(/[\r\n]/);
});

test("[SSE2] a sync moves the place and nothing else; what is passing is left out", () => {
  const sync = { event_type: "sync", data: { session_id: "s", epoch: "e", seq: 9 } };
  expect(framed(sync, { event_type: "sync" })).toBe("id: e:9\n\n");
  expect(framed({ event_type: "progress", data: {} }, { event_type: "progress" })).toBe("");
  const ended = { event_type: "subscription_ended", data: { reason: "log_trimmed" } };
  expect(framed(ended, { event_type: "subscription_ended" })).toBe(
    `event: subscription_ended\ndata: ${JSON.stringify(ended)}\n\n`,
  );
});

let server: Server;
let streams: EventStreams;
let opened: EventStream[];
const closedWith: number[] = [];

beforeEach(async () => {
  opened = [];
  closedWith.length = 0;
  streams = new EventStreams({ metrics: { closed: (code) => closedWith.push(code) } });
  const app = new Hono<Env>();
  app.route(
    "/",
    eventRoutes({
      streams,
      admit: () => undefined,
      dispatch: async (_name, _params, { connection }) => {
        if (connection instanceof EventStream) opened.push(connection);
        return { session_id: "s", epoch: "e", seq: 1, oldest_seq: 1, recovered: true };
      },
    }),
  );
  server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function open(): Promise<{ response: IncomingMessage; stream: EventStream }> {
  const { port } = server.address() as AddressInfo;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port, path: "/sessions/s/events", agent: false })
      .on("response", resolve)
      .on("error", reject)
      .end();
  });
  response.on("error", () => undefined);
  const stream = opened.at(-1);
  if (stream === undefined) throw new Error("no stream was opened");
  return { response, stream };
}

const chunk = Buffer.from(`: ${"x".repeat(64 * 1024)}\n\n`);

/** Sends until the kernel takes no more. */
async function fill(stream: EventStream): Promise<void> {
  let taken = true;
  while (taken) {
    for (let n = 0; n < 16; n += 1) stream.send([chunk]);
    const drained = stream.drained().then(() => true);
    // A kernel that takes anything does so within a few turns.
    const turns = (async () => {
      for (let n = 0; n < 200; n += 1) await new Promise((resolve) => setImmediate(resolve));
      return false;
    })();
    taken = await Promise.race([drained, turns]);
  }
}

test("what is held is counted, and drained when the client reads on", async () => {
  const { response, stream } = await open();
  response.pause();
  await fill(stream);
  expect(stream.held()).toBeGreaterThan(chunk.length);
  expect(stream.facts().buffered_bytes).toBe(stream.held());
  response.resume();
  await stream.drained();
  await expect.poll(() => stream.held()).toBe(0);
});

test("[SLO2] a client that takes nothing is cut, not waited for", async () => {
  const { response, stream } = await open();
  response.pause();
  await fill(stream);
  stream.close(closeCodes.slow, "too slow");
  expect(streams.count).toBe(0);
  expect(closedWith).toEqual([closeCodes.slow]);
  response.resume();
  await new Promise((resolve) => response.once("close", resolve));
  expect(response.complete).toBe(false);
  await stream.drained();
});

test("a client that goes away frees its stream, whatever waits", async () => {
  const { response, stream } = await open();
  response.pause();
  await fill(stream);
  const drained = stream.drained();
  response.destroy();
  await drained;
  await expect.poll(() => streams.count).toBe(0);
  expect(stream.closed).toBe(true);
  stream.send([chunk]);
  expect(stream.held()).toBe(0);
});
