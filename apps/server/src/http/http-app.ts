import { ProtocolError } from "@cairn/shared/errors";
import type { Runner } from "@cairn/runner/runner";
import type { Result } from "@cairn/shared/methods";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AccessList } from "../auth/access.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import type { BrowserKeys } from "../auth/browser-keys.ts";
import type { LoginCodes } from "../auth/login-codes.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Realtime } from "../realtime/realtime.ts";
import type { Service } from "../service.ts";
import { toWire } from "../to-wire.ts";
import { apiRoutes } from "./api.ts";
import { eventRoutes } from "./events.ts";
import type { DownloadTickets } from "./download-tickets.ts";
import { downloadRoutes, fileRoutes } from "./files.ts";
import type { Env } from "./guards.ts";
import { hostGuard, identify, originGuard, requireSignedIn, securityHeaders } from "./guards.ts";
import { loginRoutes } from "./login.ts";
import { openApi } from "./openapi.ts";
import { servePage } from "./static.ts";
import type { WebFiles } from "./static.ts";

export interface HttpParts {
  service: Service;
  runner: Pick<Runner, "read">;
  access: AccessList;
  authenticator: Authenticator;
  keys: BrowserKeys;
  codes: LoginCodes;
  tickets: DownloadTickets;
  metrics: Metrics;
  log: Logger;
  webFiles: WebFiles;
  version: string;
  now: () => number;
  loginUrl: (code: string) => string;
}

type Connected = Pick<Realtime, "dispatch" | "streams" | "atWork" | "stopping" | "admit">;

function api(parts: HttpParts, realtime: Connected): Hono<Env> {
  const { access, authenticator, keys, codes, tickets, now, loginUrl } = parts;
  const document = JSON.stringify(openApi(parts.version));
  const routes = new Hono<Env>();
  routes.use(originGuard(access), identify(authenticator));
  routes.use(async (context, next) => {
    await next();
    if (!context.res.headers.has("cache-control")) {
      context.res.headers.set("cache-control", "no-store");
    }
  });
  routes.get("/openapi.json", (context) =>
    context.body(document, 200, { "content-type": "application/json" }),
  );
  routes.use("/sessions/*", requireSignedIn());
  routes.route("/", fileRoutes(parts));
  routes.route("/", downloadRoutes(parts, tickets));
  routes.route("/", eventRoutes(realtime));
  routes.route("/", loginRoutes({ codes, keys, now, loginUrl }));
  routes.route("/", apiRoutes(realtime));
  return routes;
}

/** Everything that is served over HTTP: the API, the page, and what monitors ask for. */
export function httpApp(
  parts: HttpParts,
  realtime: Connected,
  health: () => Promise<Result<"health">>,
): Hono<Env> {
  const { access, authenticator, metrics, log } = parts;
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
  http.route("/api", api(parts, realtime));
  http.get("/ws", originGuard(access), () => {
    throw new ProtocolError("invalid_params", "This is a WebSocket: connect with an upgrade.");
  });
  http.use(servePage(parts.webFiles));
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
