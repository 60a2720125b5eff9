import type { Server } from "node:http";
import { ProtocolError } from "@cairn/shared/errors";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { AccessList } from "../auth/access.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import type { BrowserKeys } from "../auth/browser-keys.ts";
import type { Bus } from "../bus/bus.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Service } from "../service.ts";
import type { Store } from "../storage/store.ts";
import { AtWork } from "./at-work.ts";
import { Connections } from "./connections.ts";
import { createDispatch } from "./dispatch.ts";
import type { Dispatch } from "./dispatch.ts";
import { EventStreams } from "./event-streams.ts";
import type { LivenessTimes } from "./liveness.ts";
import { createHandlers } from "./methods.ts";
import { Modes } from "./modes.ts";
import { Once } from "./once.ts";
import { RateLimit } from "./rate-limit.ts";
import { Subscriptions } from "./subscriptions.ts";
import { attachWebSockets } from "./upgrade.ts";

/** Over how long clients are asked to spread their coming back: this, and so much for each. */
const spreadMs = 250;
const spreadEachMs = 10;
const maxSpreadMs = 10_000;

/** Other bounds than the usual ones, in tests. */
export interface Limits {
  callsPerSecond?: number;
  /** The clock that calls are counted by, in ms. */
  callClock?: () => number;
  /** How long a socket may stay without anybody signed in, in ms. */
  signInMs?: number;
  /** How long a request may take to come in, in ms. */
  headersMs?: number;
  /** Between two comments on an event stream, in ms. */
  beatMs?: number;
}

interface Deps {
  service: Service;
  store: Store;
  bus: Bus;
  access: AccessList;
  authenticator: Authenticator;
  keys: BrowserKeys;
  metrics: Metrics;
  log: Logger;
  checkResults: boolean;
  /** Sockets and event streams at a time. */
  maxConnections: number;
  health: () => Promise<Result<"health">>;
  ticket: (
    params: ParsedParams<"download_ticket">,
    actor: string,
  ) => Promise<Result<"download_ticket">>;
  liveness?: LivenessTimes | undefined;
  limits?: Limits | undefined;
  /** Somebody watches a session, or nobody does any more. */
  onWatched?: ((session_id: string, isWatched: boolean) => void) | undefined;
}

/** All that is connected, and the one way by which calls are done. */
export interface Realtime {
  dispatch: Dispatch;
  streams: EventStreams;
  atWork: AtWork;
  /** Whether nothing new is begun because the server is stopping. */
  stopping: () => boolean;
  /** Throws unless one more may connect. */
  admit: () => void;
  /** Serves WebSockets on this server. */
  attach: (server: Server) => void;
  /** Begins no call any more, and resolves once those at work are answered. */
  idle: () => Promise<void>;
  /** Closes all with 1012 and a time to come back; cuts what is still there after `graceMs`. */
  drain: (graceMs: number) => Promise<void>;
}

export function createRealtime(deps: Deps): Realtime {
  const { service, store, bus, authenticator, keys, metrics, log, limits = {} } = deps;
  let stopping = false;
  const atWork = new AtWork();
  const subscriptions = new Subscriptions({
    store,
    bus,
    log,
    onProgress: service.onProgress.bind(service),
    show: (session) => service.live.show(session),
    factsOf: (session_id) => service.live.messages(session_id),
    onFactCleared: (listener) => service.live.onCleared(listener),
    ...(deps.onWatched === undefined ? {} : { onWatched: deps.onWatched }),
    onDelivered: (events) => metrics.delivered(events),
    counted: metrics.subscriptions(),
  });
  const modes = new Modes();
  const dispatch = createDispatch({
    handlers: createHandlers({
      service,
      store,
      subscriptions,
      modes,
      authenticator,
      keys,
      metrics,
      health: deps.health,
      ticket: deps.ticket,
      connections: (current) => [...connections.facts(current), ...streams.facts()],
    }),
    metrics,
    once: new Once({
      store,
      service,
      now: () => service.cautiousNow(),
      onRepeated: () => metrics.repeated(),
    }),
    rate: new RateLimit({
      now: limits.callClock ?? (() => performance.now()),
      onLimited: () => metrics.limited(),
      ...(limits.callsPerSecond === undefined ? {} : { limit: limits.callsPerSecond }),
    }),
    checkResults: deps.checkResults,
  });
  const connections: Connections = new Connections({
    dispatch,
    log,
    metrics,
    atWork,
    ...(deps.liveness === undefined ? {} : { times: deps.liveness }),
    ...(limits.signInMs === undefined ? {} : { signInMs: limits.signInMs }),
  });
  const streams = new EventStreams({
    metrics,
    ...(limits.beatMs === undefined ? {} : { beatMs: limits.beatMs }),
  });
  keys.onRevoked((key_id) => {
    connections.revoked(key_id);
    streams.revoked(key_id);
  });
  metrics.gauge("cairn_sockets", "Open WebSocket connections", () => connections.count);
  metrics.gauge("cairn_event_streams", "Open event streams", () => streams.count);
  metrics.gaugeBy("cairn_subscriptions", "Live subscriptions", "mode", () =>
    modes.count([...connections.subscriptions(), ...streams.subscriptions()]),
  );

  const admit = (): void => {
    if (stopping) {
      throw new ProtocolError("shutting_down", "The server is stopping. Connect again soon.");
    }
    if (connections.count + streams.count < deps.maxConnections) return;
    throw new ProtocolError(
      "limit_reached",
      `At most ${deps.maxConnections} connections are served. --max-connections raises that.`,
    );
  };
  const { access } = deps;
  return {
    dispatch,
    streams,
    atWork,
    stopping: () => stopping,
    admit,
    attach: (server) =>
      attachWebSockets(server, { access, authenticator, connections, log, admit }),
    idle: async () => {
      stopping = true;
      connections.refuse();
      await atWork.idle();
    },
    drain: async (graceMs) => {
      stopping = true;
      const all = connections.count + streams.count;
      const spread = Math.min(maxSpreadMs, spreadMs + spreadEachMs * all);
      const retryMs = (): number => Math.round(Math.random() * spread);
      streams.drain(retryMs);
      await connections.drain(graceMs, retryMs);
      // What named consumers have acknowledged is stored.
      await subscriptions.close();
    },
  };
}
