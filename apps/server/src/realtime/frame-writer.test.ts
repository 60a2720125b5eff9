// Whole frames past `ws`, and what `ws` writes itself in between, over real sockets.
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { payloadsOf, webSocketFraming } from "./frames.ts";
import { Outbox } from "./outbox.ts";

let http: Server | undefined;
let sockets: Set<WebSocket> = new Set();

afterEach(async () => {
  for (const ws of sockets) ws.terminate();
  sockets = new Set();
  await new Promise((resolve) => http?.close(resolve) ?? resolve(null));
});

interface Pair {
  outbox: Outbox;
  /** The server's ends. */
  ws: WebSocket;
  socket: Socket;
  client: WebSocket;
  got: string[];
  closes: { code: number; reason: string }[];
}

async function connect(compressed = false): Promise<Pair> {
  http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: compressed });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const accepted = once(server, "connection") as Promise<[WebSocket, IncomingMessage]>;
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: compressed });
  const got: string[] = [];
  client.on("message", (data: Buffer, isBinary) => {
    expect(isBinary).toBe(false);
    got.push(data.toString());
  });
  client.on("ping", (data) => got.push(`ping ${data.toString()}`));
  const [[ws, request]] = await Promise.all([accepted, once(client, "open")]);
  sockets = new Set([ws, client]);
  const closes: Pair["closes"] = [];
  const outbox = new Outbox({
    ws,
    socket: request.socket,
    close: (code, reason) => {
      closes.push({ code, reason });
      ws.close(code, reason);
    },
  });
  return { outbox, ws, socket: request.socket, client, got, closes };
}

const frameOf = (text: string): Uint8Array => webSocketFraming(text, { event_type: "x" });

test("a frame says its length in each of the three ways", () => {
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];
  for (const length of lengths) {
    const text = "ü".repeat(length >> 1) + "x".repeat(length & 1);
    const frame = Buffer.from(frameOf(text));
    expect(frame[0]).toBe(0x81);
    const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    expect(frame.length).toBe(header + length);
    expect(frame.subarray(header).toString()).toBe(text);
  }
  const all = Buffer.concat(lengths.map((length) => frameOf("x".repeat(length))));
  expect([...payloadsOf(all)].map((payload) => payload.length)).toEqual(lengths);
});

describe.each([
  ["past ws", false],
  ["compressed, so by ws itself", true],
])("frames written %s", (_way, compressed) => {
  test("come whole and in order among answers, pings and the close (seeded)", async () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 200 }),
      fc.constantFrom(120, 125, 126, 5_000, 65_535, 65_536, 100_000).map((n) => "é".repeat(n >> 1)),
    );
    const act = fc.oneof(
      fc.record({
        kind: fc.constant("frames" as const),
        texts: fc.array(text, { minLength: 1, maxLength: 4 }),
      }),
      fc.record({
        kind: fc.constantFrom("answer" as const, "ping" as const, "turn" as const),
        texts: fc.tuple(text),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), fc.boolean(), async (acts, slow) => {
        const { outbox, ws, client, got } = await connect(compressed);
        expect(ws.extensions === "").toBe(!compressed);
        const sent: string[] = [];
        if (slow) client.pause();
        for (const { kind, texts } of acts) {
          if (kind === "turn") await new Promise((resolve) => setImmediate(resolve));
          else if (kind === "ping") {
            ws.ping("p");
            sent.push("ping p");
          } else {
            sent.push(...texts);
            // One buffer may hold several frames.
            if (kind === "frames")
              outbox.send([
                Buffer.concat(texts.slice(0, 2).map(frameOf)),
                ...texts.slice(2).map(frameOf),
              ]);
            else outbox.send(texts[0] ?? "");
          }
        }
        ws.close(4000, "bye");
        // Nothing follows a close.
        outbox.send([frameOf("late")]);
        outbox.send("late");
        const closed = once(client, "close") as Promise<[number, Buffer]>;
        client.resume();
        const [code, reason] = await closed;
        expect([code, reason.toString()]).toEqual([4000, "bye"]);
        expect(got).toEqual(sent);
        await new Promise((resolve) => http?.close(resolve));
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

/** Fills the kernel's buffers and leaves some with us. */
async function fill({ outbox, client }: Pair): Promise<number> {
  client.pause();
  const frame = frameOf("x".repeat(256 * 1024));
  let sent = 0;
  while (outbox.held() === 0) {
    outbox.send([frame]);
    sent += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sent;
}

describe("drained", () => {
  test("at once when nothing is held; else when the kernel has taken all, and nothing is lost", async () => {
    const pair = await connect();
    await pair.outbox.drained();
    const sent = await fill(pair);
    let isDrained = false;
    const draining = Promise.all([pair.outbox.drained(), pair.outbox.drained()]).then(
      () => (isDrained = true),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isDrained).toBe(false);
    pair.client.resume();
    await draining;
    expect(pair.outbox.held()).toBe(0);
    await expect.poll(() => pair.got.length).toBe(sent);
    // As often as it is needed.
    await fill(pair);
    pair.client.resume();
    await pair.outbox.drained();
    expect(pair.closes).toEqual([]);
  });

  test.each(["cut", "reset"])("when the socket is %s", async (how) => {
    const pair = await connect();
    await fill(pair);
    const draining = pair.outbox.drained();
    if (how === "cut") pair.socket.destroy();
    else pair.socket.resetAndDestroy();
    await expect(draining).resolves.toBeUndefined();
    await expect(pair.outbox.drained()).resolves.toBeUndefined();
  });

  test("when we have said goodbye and the client still takes nothing", async () => {
    const pair = await connect();
    await fill(pair);
    pair.ws.close(4000);
    const draining = pair.outbox.drained();
    pair.client.resume();
    await expect(draining).resolves.toBeUndefined();
  });
});

test("a small burst of several buffers is one write, a large one too", async () => {
  const { outbox, socket, client, got } = await connect();
  let writes = 0;
  const handle = (socket as unknown as { _handle: Record<string, (...args: unknown[]) => unknown> })
    ._handle;
  for (const name of ["writeBuffer", "writev"]) {
    const real = handle[name]?.bind(handle);
    handle[name] = (...args: unknown[]) => {
      writes += 1;
      return real?.(...args);
    };
  }
  outbox.send(["a", "b", "c"].map(frameOf));
  expect(writes).toBe(1);
  const large = ["d", "e"].map((letter) => letter.repeat(40_000));
  outbox.send(large.map(frameOf));
  expect(writes).toBe(2);
  outbox.send("answer");
  outbox.send([frameOf("event")]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(writes).toBe(3);
  await expect.poll(() => got).toEqual(["a", "b", "c", ...large, "answer", "event"]);
  client.close();
});
