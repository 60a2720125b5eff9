// CPU per delivered event: this engine, and plain `ws` that broadcasts one prepared buffer. Each
// server is a process of its own, the clients are another one; rounds of all are interleaved.
// npm run bench -- realtime -- [--clients 500] [--seconds 5] [--rounds 3] [--burst 1,10]
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { WebSocketServer } from "ws";
import type { LoggedEvent } from "@cairn/shared/events";
import { AccessList } from "../src/auth/access.ts";
import { Authenticator } from "../src/auth/authenticator.ts";
import { LocalBus } from "../src/bus/local.ts";
import { Connections } from "../src/realtime/connections.ts";
import type { Dispatch } from "../src/realtime/dispatch.ts";
import { Subscriptions } from "../src/realtime/subscriptions.ts";
import { attachWebSockets } from "../src/realtime/upgrade.ts";
import type { Store } from "../src/storage/store.ts";

const session_id = "0b4f5a52-4f0a-4f4e-9d7a-000000000001";
const perSecond = 40;

type Publish = (count: number) => void;
interface Measured {
  /** User and system time of the server's process, in µs. */
  cpu: number;
  events: number;
}

function eventOf(seq: number): LoggedEvent {
  return {
    event_type: "checkpoint_created",
    data: { session_id, checkpoint_id: session_id, timestamp: new Date().toISOString() },
    seq,
    epoch: "e1",
    actor: "x".repeat(80),
  };
}

/** A log in memory: what a commit costs is not what is measured here. */
function memoryLog(): { store: Store; append: () => number } {
  let log: LoggedEvent[] = [];
  let seq = 0;
  const store = {
    session: async () => ({ deleted_at: null }),
    position: async () => ({ epoch: "e1", seq, oldest_seq: 1 }),
    events: async ({ after, limit }: { after: number; limit: number }) =>
      log.filter((event) => event.seq > after).slice(0, limit),
    sessions: async () => ({ rows: [] }),
  } as unknown as Store;
  return {
    store,
    append: () => {
      seq += 1;
      log.push(eventOf(seq));
      if (log.length > 100) log = log.slice(-50);
      return seq;
    },
  };
}

async function cairn(): Promise<{ port: number; publish: Publish }> {
  const { store, append } = memoryLog();
  const bus = new LocalBus();
  const log = pino({ level: "silent" });
  const subscriptions = new Subscriptions({
    store,
    bus,
    log,
    onProgress: () => () => undefined,
    onDelivered: () => undefined,
  });
  const dispatch: Dispatch = async (_name, params, call) => {
    if (call.connection === null) throw new Error("no connection");
    const subscribe = params as Parameters<Subscriptions["subscribe"]>[0];
    const { result, start } = await subscriptions.subscribe(subscribe, call.connection);
    call.afterReply(start);
    return result;
  };
  const http = createServer();
  const access = new AccessList({ host: "127.0.0.1", allowedHosts: [], publicUrl: null });
  const keys = { verify: () => Promise.resolve(null) };
  const authenticator = new Authenticator({ mode: "off", adminToken: "", keys });
  // These clients answer no pings.
  const times = { pingMs: 3_600_000, deadMs: 3_600_000 };
  const metrics = { closed: () => undefined };
  const connections = new Connections({ dispatch, log, metrics, times });
  const stopping = (): boolean => false;
  const attach = { access, authenticator, connections, log, stopping, maxConnections: 100_000 };
  attachWebSockets(http, attach);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  access.bound(port);
  return {
    port,
    publish: (count) => {
      for (let i = 0; i < count; i += 1) bus.publish({ session_id, seq: append() });
    },
  };
}

async function plain(): Promise<{ port: number; publish: Publish }> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on("connection", (ws) => {
    ws.on("message", () => ws.send('{"id":"1","success":true}'));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  let seq = 0;
  return {
    port,
    publish: (count) => {
      for (let i = 0; i < count; i += 1) {
        seq += 1;
        const frame = Buffer.from(
          `${JSON.stringify(eventOf(seq)).slice(0, -1)},"prev":${seq - 1}}`,
        );
        for (const client of server.clients) client.send(frame, { binary: false });
      }
    },
  };
}

/** Publishes for some seconds and tells what that cost this process. */
async function measured(publish: Publish, seconds: number, burst: number): Promise<Measured> {
  const total = perSecond * seconds;
  const began = process.cpuUsage();
  await new Promise<void>((resolve) => {
    let sent = 0;
    const timer = setInterval(
      () => {
        publish(burst);
        sent += burst;
        if (sent < total) return;
        clearInterval(timer);
        setTimeout(resolve, 50);
      },
      (1000 / perSecond) * burst,
    );
  });
  const { user, system } = process.cpuUsage(began);
  return { cpu: user + system, events: total };
}

async function serve(role: string): Promise<void> {
  const { port, publish } = await (role === "cairn" ? cairn() : plain());
  process.on("message", (message: { seconds: number; burst: number }) => {
    void (async () => {
      process.send?.(await measured(publish, message.seconds, message.burst));
    })();
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ port });
}

/** A masked text frame. */
function request(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? 2 : 4;
  const frame = Buffer.alloc(head + 4 + payload.length);
  frame[0] = 0x81;
  frame[1] = 0x80 | (head === 2 ? payload.length : 126);
  if (head === 4) frame.writeUInt16BE(payload.length, 2);
  // A mask of zeros leaves the payload as it is.
  payload.copy(frame, head + 4);
  return frame;
}

/** Clients that read and count bytes, and nothing else. */
async function load(port: number, clients: number): Promise<void> {
  let bytes = 0;
  const subscribe = JSON.stringify({ id: "1", method: "subscribe", params: { session_id } });
  const handshake = `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`;
  for (let i = 0; i < clients; i += 1) {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(handshake);
    await once(socket, "data");
    socket.write(request(subscribe));
    await once(socket, "data");
    socket.on("data", (chunk) => (bytes += chunk.length));
  }
  process.on("message", () => process.send?.({ bytes }));
  process.send?.({ ready: true });
}

async function said(child: ChildProcess): Promise<Record<string, number>> {
  const [message] = (await once(child, "message")) as [Record<string, number>];
  return message;
}

const options = { type: "string" } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { clients: options, seconds: options, rounds: options, burst: options },
});
const clients = Number(values.clients ?? 500);

async function compare(): Promise<void> {
  const seconds = Number(values.seconds ?? 5);
  const rounds = Number(values.rounds ?? 3);
  const roles = ["plain", "cairn"];
  const servers = await Promise.all(
    roles.map(async (role) => {
      const server = fork(import.meta.filename, ["serve", role]);
      const { port } = await said(server);
      const reader = fork(import.meta.filename, ["load", String(port), "--clients", `${clients}`]);
      await said(reader);
      return { role, server, reader };
    }),
  );
  const bytesOf = async (reader: ChildProcess): Promise<number> => {
    reader.send({});
    return (await said(reader))["bytes"] ?? 0;
  };
  for (const burst of (values.burst ?? "1,10").split(",").map(Number)) {
    const all = new Map<string, number[]>(roles.map((role) => [role, []]));
    for (let round = -1; round < rounds; round += 1) {
      // Neither always goes first.
      for (const { role, server, reader } of round % 2 === 0 ? servers : servers.toReversed()) {
        const before = await bytesOf(reader);
        server.send({ seconds: round < 0 ? 2 : seconds, burst });
        const { cpu = 0, events = 0 } = await said(server);
        await new Promise((resolve) => setTimeout(resolve, 200));
        const each = ((await bytesOf(reader)) - before) / (events * clients);
        const micros = cpu / (events * clients);
        if (round >= 0) all.get(role)?.push(micros);
        console.log(
          `burst ${burst} ${role}: ${micros.toFixed(2)} µs an event, ${each.toFixed(0)} bytes`,
        );
      }
    }
    const median = (role: string): number =>
      (all.get(role) ?? []).toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
    const ratio = median("cairn") / median("plain");
    console.log(
      `burst ${burst}: plain ${median("plain").toFixed(2)} µs, cairn ${median("cairn").toFixed(2)} µs, ${ratio.toFixed(2)}x`,
    );
  }
  for (const { server, reader } of servers) {
    server.disconnect();
    reader.kill();
  }
}

const [role, what = ""] = positionals;
if (role === "serve") await serve(what);
else if (role === "load") await load(Number(what), clients);
else await compare();
