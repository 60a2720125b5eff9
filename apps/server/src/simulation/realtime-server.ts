// The realtime half of the server on real sockets, without a service: for programs that commit to
// the store by themselves and measure what delivering costs.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { AccessList } from "../auth/access.ts";
import { Authenticator } from "../auth/authenticator.ts";
import type { BrowserKeys } from "../auth/browser-keys.ts";
import type { Bus } from "../bus/bus.ts";
import { Connections } from "../realtime/connections.ts";
import { createDispatch } from "../realtime/dispatch.ts";
import { createHandlers } from "../realtime/methods.ts";
import type { LivenessTimes } from "../realtime/liveness.ts";
import { Subscriptions } from "../realtime/subscriptions.ts";
import { attachWebSockets } from "../realtime/upgrade.ts";
import type { Service } from "../service.ts";
import type { Store } from "../storage/store.ts";
import type { Subscribing } from "./faults.ts";

interface Options {
  store: Store;
  bus: Bus;
  /** Stands between the handlers and the subscriptions, to plant a fault. */
  planted?: (subscriptions: Subscribing) => Subscribing;
  /** Without them nobody is pinged: clients that stop reading answer none. */
  times?: LivenessTimes;
}

const hour = 3_600_000;
const never: LivenessTimes = { pingMs: hour, deadMs: hour };

/** Serves `/ws` on a free port to whoever asks. */
export async function serveRealtime(options: Options): Promise<number> {
  const { store, bus, planted, times = never } = options;
  const log = pino({ level: "warn" });
  const subscriptions = new Subscriptions({
    store,
    bus,
    log,
    onProgress: () => () => undefined,
    onDelivered: () => undefined,
  });
  const metrics = { called: () => undefined, closed: () => undefined };
  const keys = { verify: () => Promise.resolve(null) };
  const authenticator = new Authenticator({ mode: "off", adminToken: "", keys });
  const handlers = createHandlers({
    service: {} as Service,
    store,
    authenticator,
    keys: {} as BrowserKeys,
    subscriptions: planted?.(subscriptions) ?? subscriptions,
    metrics: { numbers: async () => ({ counters: {}, gauges: {} }) },
    health: async () => ({ healthy: true, version: "0", auth: "off", checks: [] }),
    connections: () => [],
    ticket: () => Promise.reject(new Error("nothing is downloaded here")),
  });
  const dispatch = createDispatch({ handlers, metrics, checkResults: false });
  const connections = new Connections({ dispatch, log, metrics, times });
  const access = new AccessList({ host: "127.0.0.1", allowedHosts: [], publicUrl: null });
  const http = createServer();
  attachWebSockets(http, { access, authenticator, connections, log });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  access.bound(port);
  return port;
}
