// What is compared: this server's realtime half, plain `ws` that broadcasts one prepared buffer,
// socket.io rooms, and the design that Cairn replaced, a 10 ms polling loop per connection.
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { LoggedEvent } from "@cairn/shared/events";
import { Server as SocketIo } from "socket.io";
import { WebSocketServer } from "ws";
import { LocalBus } from "../src/bus/local.ts";
import { livenessTimes } from "../src/realtime/liveness.ts";
import { serveRealtime } from "../src/simulation/realtime-server.ts";
import { StoredLine } from "../src/storage/sql/event-line.ts";
import type { Store } from "../src/storage/store.ts";

export const session_id = "0b4f5a52-4f0a-4f4e-9d7a-000000000001";
export type EngineName = "cairn" | "ws" | "socket.io" | "polling";

export interface Engine {
  port: number;
  /** Commits so many events at once; everyone subscribed gets each. */
  publish: (count: number) => void;
  /** Whether it may spend processor time while nothing is published. */
  awake: (is: boolean) => void;
}

/** 300 bytes on the wire. */
function eventOf(seq: number): LoggedEvent {
  return {
    event_type: "checkpoint_created",
    data: { session_id, checkpoint_id: session_id, timestamp: new Date().toISOString() },
    seq,
    epoch: "e1",
    actor: "a".repeat(62),
  };
}

/** As the database would give it. */
function lineOf(event: LoggedEvent): StoredLine {
  const { seq, event_type } = event;
  return new StoredLine({ seq, event_type, event: JSON.stringify(event) });
}

/** A log in memory: what commits cost is not what is compared here. */
class MemoryLog {
  #events: LoggedEvent[] = [];
  #seq = 0;
  readonly #kept: number;

  constructor(kept: number) {
    this.#kept = kept;
  }

  get seq(): number {
    return this.#seq;
  }

  append(): LoggedEvent {
    const event = eventOf((this.#seq += 1));
    this.#events.push(event);
    if (this.#events.length > 2 * this.#kept) this.#events = this.#events.slice(-this.#kept);
    return event;
  }

  after(seq: number, limit: number): LoggedEvent[] {
    const first = this.#events[0]?.seq ?? 0;
    const from = Math.max(0, seq + 1 - first);
    return this.#events.slice(from, from + limit);
  }

  asStore(): Store {
    const wanted = { until: Infinity, limit: Infinity };
    const events = async (query: { after: number; until?: number; limit: number }) => {
      const { until, limit } = { ...wanted, ...query };
      return this.after(query.after, limit).filter(({ seq }) => seq <= until);
    };
    return {
      session: async () => ({ deleted_at: null }),
      position: async () => ({ epoch: "e1", seq: this.#seq, oldest_seq: 1 }),
      events,
      eventLines: async (query: Parameters<typeof events>[0]) => (await events(query)).map(lineOf),
      countEvents: async ({ after }: { after: number }) => this.#seq - after,
      seqBeforeLast: async (_session_id: string, count: number) => Math.max(0, this.#seq - count),
      sessions: async () => ({ rows: [] }),
    } as unknown as Store;
  }
}

async function listening(http: HttpServer): Promise<number> {
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
}

const always = (): void => undefined;

async function cairn(): Promise<Engine> {
  const log = new MemoryLog(2_000);
  const bus = new LocalBus();
  const port = await serveRealtime({ store: log.asStore(), bus, times: livenessTimes });
  return {
    port,
    publish: (count) => {
      for (let n = 0; n < count; n += 1) bus.publish({ session_id, seq: log.append().seq });
    },
    awake: always,
  };
}

/** The same bytes as ours, encoded once for all. */
function encoded(event: LoggedEvent): Buffer {
  return Buffer.from(`${JSON.stringify(event).slice(0, -1)},"prev":${event.seq - 1}}`);
}

async function plainWs(): Promise<Engine> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on("connection", (ws) => {
    ws.on("message", () => ws.send('{"id":"1","success":true}'));
  });
  const log = new MemoryLog(10);
  return {
    port: await listening(http),
    publish: (count) => {
      for (let n = 0; n < count; n += 1) {
        const frame = encoded(log.append());
        for (const client of server.clients) client.send(frame, { binary: false });
      }
    },
    awake: always,
  };
}

async function socketIo(): Promise<Engine> {
  const http = createServer();
  // Its own pings would be counted as events.
  const pings = { pingInterval: 3_600_000, pingTimeout: 3_600_000 };
  const io = new SocketIo(http, { transports: ["websocket"], serveClient: false, ...pings });
  io.on("connection", (socket) => {
    socket.on("subscribe", (room: string) => {
      void socket.join(room);
      socket.emit("subscribed", true);
    });
  });
  const log = new MemoryLog(10);
  return {
    port: await listening(http),
    publish: (count) => {
      for (let n = 0; n < count; n += 1) {
        const event = log.append();
        io.to(session_id).emit("event", { ...event, prev: event.seq - 1 });
      }
    },
    awake: always,
  };
}

/** Each connection looks for itself every 10 ms, and encodes for itself what it finds. */
async function polling(): Promise<Engine> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  const log = new MemoryLog(2_000);
  const loops = new Set<() => void>();
  let timers: NodeJS.Timeout[] = [];
  server.on("connection", (ws) => {
    ws.on("message", () => {
      ws.send('{"id":"1","success":true}');
      let at = log.seq;
      loops.add(() => {
        if (at === log.seq) return;
        for (const event of log.after(at, 100)) {
          ws.send(JSON.stringify({ ...event, prev: at }));
          at = event.seq;
        }
      });
    });
  });
  return {
    port: await listening(http),
    publish: (count) => {
      for (let n = 0; n < count; n += 1) log.append();
    },
    awake: (is) => {
      for (const timer of timers) clearInterval(timer);
      timers = is ? [...loops].map((loop) => setInterval(loop, 10)) : [];
    },
  };
}

const engines: Record<EngineName, () => Promise<Engine>> = {
  cairn,
  ws: plainWs,
  "socket.io": socketIo,
  polling,
};

export async function startEngine(name: EngineName): Promise<Engine> {
  return await engines[name]();
}
