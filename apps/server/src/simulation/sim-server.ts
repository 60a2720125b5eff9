// The server of the simulation: the real connections, dispatch, handlers and subscriptions over a
// real store, on links instead of sockets. A restart makes all of it anew over the same file.
import type { IncomingMessage } from "node:http";
import { pino } from "pino";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { Authenticator } from "../auth/authenticator.ts";
import type { BrowserKeys } from "../auth/browser-keys.ts";
import { LocalBus } from "../bus/local.ts";
import type { Metrics } from "../metrics.ts";
import { Connections } from "../realtime/connections.ts";
import { createDispatch } from "../realtime/dispatch.ts";
import { createHandlers } from "../realtime/methods.ts";
import { Subscriptions } from "../realtime/subscriptions.ts";
import type { Service } from "../service.ts";
import type { Store } from "../storage/store.ts";
import type { Faults } from "./faults.ts";
import { GatedStore } from "./gated-store.ts";
import { Link } from "./link.ts";
import type { ClientEnd } from "./link.ts";
import type { Random } from "./random.ts";

const log = pino({ level: "silent" });
const principal = { actor: "admin", role: "admin", key_id: null } as const;

interface Options {
  store: Store;
  random: Random;
  faults: Faults;
}

export class SimServer {
  readonly bus = new LocalBus();
  readonly gates: GatedStore;
  readonly links = new Set<Link>();
  readonly #connections: Connections;
  readonly #subscriptions: Subscriptions;
  readonly #upgrades = new WebSocketServer({ noServer: true });
  readonly #random: Random;
  readonly #faults: Faults;

  constructor({ store, random, faults }: Options) {
    this.#random = random;
    this.#faults = faults;
    this.gates = new GatedStore(store, { random: random.fork(), late: 0.15, failing: 0.003 });
    this.#subscriptions = new Subscriptions({
      store: this.gates.store,
      bus: this.bus,
      log,
      onProgress: () => () => undefined,
      onDelivered: () => undefined,
    });
    const handlers = createHandlers({
      // None of its methods is called here.
      service: {} as Service,
      store: this.gates.store,
      authenticator: {} as Authenticator,
      keys: {} as BrowserKeys,
      subscriptions: faults.subscriptions?.(this.#subscriptions) ?? this.#subscriptions,
      metrics: { numbers: async () => ({ counters: {}, gauges: {} }) },
      health: async () => ({ healthy: true, version: "0", auth: "off", checks: [] }),
      ticket: () => Promise.reject(new Error("nothing is downloaded here")),
    });
    const metrics: Pick<Metrics, "called" | "closed"> = {
      called: () => undefined,
      closed: () => undefined,
    };
    const dispatch = createDispatch({ handlers, metrics, checkResults: true });
    this.#connections = new Connections({ dispatch, log, metrics });
  }

  accept(client: ClientEnd): Link {
    const kernelBytes = this.#random.pick([4, 16]) * 1024;
    const link = new Link({ kernelBytes, client });
    const socket = this.#faults.socket?.(link.server) ?? link.server;
    this.links.add(link);
    const headers = {
      upgrade: "websocket",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-version": "13",
      "user-agent": "simulation",
    };
    const request = { method: "GET", url: "/ws", headers, socket } as unknown as IncomingMessage;
    this.#upgrades.handleUpgrade(request, socket, Buffer.alloc(0), (ws: WebSocket) => {
      const connection = this.#connections.open(ws, request, principal);
      ws.on("message", (data: Buffer) => connection.receive(data.toString()));
      ws.on("error", () => undefined);
    });
    return link;
  }

  /** Says goodbye to all, as a server does that is stopped. */
  drain(): void {
    void this.#connections.drain(200);
  }

  /** The process ends: by itself, with what it still has to store, or in the middle of it all. */
  end(how: "stopped" | "killed"): void {
    if (how === "killed") this.gates.die();
    else this.gates.calm();
    this.#subscriptions.close().catch(() => undefined);
    void this.bus.close();
    for (const link of this.links) link.cutServer();
  }
}
