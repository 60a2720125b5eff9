import type { Server } from "node:http";
import type { Runner } from "@cairn/runner/runner";
import { ProtocolError } from "@cairn/shared/errors";
import type { Result } from "@cairn/shared/methods";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AccessList } from "./auth/access.ts";
import type { Authenticator } from "./auth/authenticator.ts";
import type { BrowserKeys } from "./auth/browser-keys.ts";
import type { LoginCodes } from "./auth/login-codes.ts";
import type { Bus } from "./bus/bus.ts";
import { apiRoutes } from "./http/api.ts";
import { fileRoutes } from "./http/files.ts";
import type { Env } from "./http/guards.ts";
import {
  hostGuard,
  identify,
  originGuard,
  requireSignedIn,
  securityHeaders,
} from "./http/guards.ts";
import { loginRoutes } from "./http/login.ts";
import { openApi } from "./http/openapi.ts";
import { servePage } from "./http/static.ts";
import type { WebFiles } from "./http/static.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { Connections } from "./realtime/connections.ts";
import { AtWork } from "./realtime/at-work.ts";
import { createDispatch } from "./realtime/dispatch.ts";
import type { Dispatch } from "./realtime/dispatch.ts";
import type { LivenessTimes } from "./realtime/liveness.ts";
import { createHandlers } from "./realtime/methods.ts";
import { Modes } from "./realtime/modes.ts";
import { Once } from "./realtime/once.ts";
import { RateLimit } from "./realtime/rate-limit.ts";
import { Subscriptions } from "./realtime/subscriptions.ts";
import { attachWebSockets } from "./realtime/upgrade.ts";
import type { Service } from "./service.ts";
import type { Store } from "./storage/store.ts";
import { toWire } from "./to-wire.ts";

export interface AppDeps {
  service: Service;
  store: Store;
  bus: Bus;
  runner: Pick<Runner, "read" | "facts">;
  access: AccessList;
  authenticator: Authenticator;
  keys: BrowserKeys;
  codes: LoginCodes;
  metrics: Metrics;
  log: Logger;
  webFiles: WebFiles;
  version: string;
  now: () => number;
  loginUrl: (code: string) => string;
  /** Check results against their schemas: in tests. */
  checkResults: boolean;
  liveness?: LivenessTimes;
  maxConnections: number;
  /** Other bounds than the usual ones, in tests. */
  limits?: Limits;
}

export interface Limits {
  callsPerSecond?: number;
  signInMs?: number;
}

/** Everything that is served: the Hono app, and the WebSockets beside it. */
export interface App {
  http: Hono<Env>;
  /** Serves WebSockets on this server too. */
  attach(server: Server): void;
  /** Refuses new connections and calls from here on; resolves once those at work are answered. */
  idle(): Promise<void>;
  /** Closes what is connected, at the latest after `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

type Checks = Result<"health">["checks"];

function healthOf({ store, runner, authenticator, version }: AppDeps) {
  const check = async (name: string, work: () => Promise<unknown>): Promise<Checks[number]> => {
    try {
      await work();
      return { name, ok: true };
    } catch (error) {
      return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  };
  return async (): Promise<Result<"health">> => {
    const checks = await Promise.all([
      check("database", () => store.sessions({ limit: 1 })),
      check("snapshots", () => runner.facts()),
    ]);
    const healthy = checks.every(({ ok }) => ok);
    return { healthy, version, auth: authenticator.mode, checks };
  };
}

export function createApp(deps: AppDeps): App {
  const { service, store, bus, access, authenticator, keys, metrics, log } = deps;
  const { limits } = deps;
  let stopping = false;

  const onDelivered = (events: number): void => metrics.delivered(events);
  const onProgress = service.onProgress.bind(service);
  const counted = metrics.subscriptions();
  const subscriptions = new Subscriptions({ store, bus, log, onProgress, onDelivered, counted });
  const modes = new Modes();
  const health = healthOf(deps);
  const dispatch = createDispatch({
    handlers: createHandlers({
      service,
      store,
      subscriptions,
      modes,
      authenticator,
      keys,
      metrics,
      health,
      connections: (current) => connections.facts(current),
    }),
    metrics,
    once: new Once({ store, service, now: deps.now, onRepeated: () => metrics.repeated() }),
    rate: new RateLimit({
      now: () => performance.now(),
      onLimited: () => metrics.limited(),
      ...(limits?.callsPerSecond === undefined ? {} : { limit: limits.callsPerSecond }),
    }),
    checkResults: deps.checkResults,
  });
  const atWork = new AtWork();
  const connections: Connections = new Connections({
    dispatch,
    log,
    metrics,
    atWork,
    ...(deps.liveness === undefined ? {} : { times: deps.liveness }),
    ...(limits?.signInMs === undefined ? {} : { signInMs: limits.signInMs }),
  });
  keys.onRevoked((key_id) => connections.revoked(key_id));
  metrics.gauge("cairn_sockets", "Open WebSocket connections", () => connections.count);
  metrics.gaugeBy("cairn_subscriptions", "Live subscriptions", "mode", () =>
    modes.count(connections.subscriptions()),
  );

  const http = httpApp(deps, { dispatch, health, atWork, stopping: () => stopping });
  return {
    http,
    attach: (server) => {
      attachWebSockets(server, {
        access,
        authenticator,
        connections,
        log,
        stopping: () => stopping,
        maxConnections: deps.maxConnections,
      });
    },
    idle: async () => {
      stopping = true;
      await connections.idle();
    },
    drain: async (graceMs) => {
      stopping = true;
      await connections.drain(graceMs);
      await subscriptions.close();
    },
  };
}

interface Serving {
  dispatch: Dispatch;
  health: () => Promise<Result<"health">>;
  atWork: AtWork;
  stopping: () => boolean;
}

function httpApp(deps: AppDeps, { dispatch, health, atWork, stopping }: Serving): Hono<Env> {
  const { service, runner, access, authenticator, keys, codes, metrics, log, now } = deps;
  const document = JSON.stringify(openApi(deps.version));
  const http = new Hono<Env>();
  http.use(securityHeaders());
  http.use(hostGuard(access));

  http.get("/healthz", async (context) => {
    const { healthy, auth } = await health();
    return context.json({ healthy, auth }, healthy ? 200 : 503);
  });
  http.get(
    "/metrics",
    originGuard(access),
    identify(authenticator),
    requireSignedIn(),
    async (context) => {
      const { body, type } = await metrics.text();
      return context.body(body, 200, { "content-type": type });
    },
  );

  const api = new Hono<Env>();
  api.use(originGuard(access), identify(authenticator));
  api.use(async (context, next) => {
    await next();
    if (!context.res.headers.has("cache-control")) {
      context.res.headers.set("cache-control", "no-store");
    }
  });
  api.get("/openapi.json", (context) =>
    context.body(document, 200, { "content-type": "application/json" }),
  );
  api.use("/sessions/*", requireSignedIn());
  api.route("/", fileRoutes({ service, runner, log }));
  api.route("/", loginRoutes({ codes, keys, now, loginUrl: deps.loginUrl }));
  api.route("/", apiRoutes({ dispatch, atWork, stopping }));
  http.route("/api", api);

  http.get("/ws", originGuard(access), () => {
    throw new ProtocolError("invalid_params", "This is a WebSocket: connect with an upgrade.");
  });
  http.use(servePage(deps.webFiles));
  http.notFound(() => {
    throw new ProtocolError("not_found", "There is nothing here.");
  });
  http.onError((error, context) => {
    const { status, body } = toWire(error, log);
    if (status === 405) context.header("allow", "POST");
    const wait = body.details?.["retry_after_ms"];
    if (typeof wait === "number") context.header("retry-after", String(Math.ceil(wait / 1000)));
    return context.json(body, status as ContentfulStatusCode);
  });
  return http;
}
