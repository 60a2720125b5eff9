import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Runner } from "@cairn/runner/runner";
import { createApp } from "./app.ts";
import { AccessList } from "./auth/access.ts";
import { ensureAdminToken } from "./auth/admin-token.ts";
import { Authenticator } from "./auth/authenticator.ts";
import { BrowserKeys } from "./auth/browser-keys.ts";
import { LoginCodes } from "./auth/login-codes.ts";
import { removeServerFile, writeServerFile } from "./auth/server-file.ts";
import { createAuto } from "./auto/create-auto.ts";
import { LocalBus } from "./bus/local.ts";
import { createService } from "./checkpoints/create-service.ts";
import type { Config } from "./config.ts";
import { loadWebFiles } from "./http/static.ts";
import type { Logger } from "./log.ts";
import { Metrics } from "./metrics.ts";
import type { Opened } from "./opened.ts";
import type { LivenessTimes } from "./realtime/liveness.ts";
import type { Limits } from "./realtime/realtime.ts";
import { LogTrimmer } from "./sessions/log-trimmer.ts";
import type { TrimPauses } from "./sessions/log-trimmer.ts";
import { StartError } from "./start-error.ts";
import { openSqliteStore } from "./storage/sqlite/sqlite-store.ts";
import { version } from "./version.ts";

export interface RunningServer {
  /** Such as `http://127.0.0.1:4870/`. */
  url: string;
  ws: string;
  port: number;
  /** Real path. */
  dataDir: string;
  /** The admin token; null under `--auth off`. */
  token: string | null;
  /** A fresh link that signs a browser in. */
  loginUrl: () => string;
  /** Ends calls at work, closes sockets with 1012, then everything else. */
  stop: () => Promise<void>;
}

export interface ServeOptions {
  config: Config;
  log: Logger;
  /** Folder of the built page; null serves none. */
  dist: string | null;
  checkResults?: boolean;
  liveness?: LivenessTimes;
  /** Other bounds than the usual ones. */
  limits?: Limits;
  trimPauses?: TrimPauses;
  /** How long sockets may take to close at a stop, in ms. */
  graceMs?: number;
}

const drainMs = 30_000;
/** How long the head of a request may take to come in, in ms; its body may take six times that. */
const usualHeadersMs = 10_000;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

async function listen(server: Server, { host, port }: Config): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  }).catch((error: unknown) => {
    const reasons: Record<string, string> = {
      EADDRINUSE: `Port ${port} is taken. Stop what uses it, or choose another with --port.`,
      EACCES: `Port ${port} may not be used by this user. Choose one above 1023 with --port.`,
      EADDRNOTAVAIL: `${host} is no address of this machine.`,
      ENOTFOUND: `The host ${host} is not known.`,
    };
    const line = reasons[codeOf(error)] ?? `Cannot listen on ${host}:${port} (${codeOf(error)}).`;
    throw new StartError(line, { cause: error });
  });
  return (server.address() as AddressInfo).port;
}

// Where this machine reaches a server that listens everywhere.
function hostInUrl(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** What a runner was opened for is served, once what a crash cut is recovered. */
export async function serve(
  options: ServeOptions,
  dataDir: string,
  runner: Runner,
  opened: Opened,
): Promise<RunningServer> {
  const { config, log, dist } = options;
  const store = await openSqliteStore({ file: `${dataDir}/cairn.db` });
  opened.add(() => store.close());
  const bus = new LocalBus((error) => log.error({ err: error }, "a listener failed"));
  opened.add(() => bus.close());

  const token = config.token ?? (await ensureAdminToken(dataDir));
  const now = Date.now;
  let reachable: { url: string; token: string | null } | null = null;
  const api = () => reachable;
  const newId = randomUUID;
  const metrics = new Metrics();
  opened.add(async () => metrics.close());
  const upkeep = metrics.upkeep(() => runner.facts());
  const parts = { store, bus, runner, dataDir, clock: now, newId, log, api, counted: upkeep };
  const service = await createService(parts);

  const keys = new BrowserKeys(store, now);
  const codes = new LoginCodes(now);
  const authenticator = new Authenticator({ mode: config.auth, adminToken: token, keys });
  const access = new AccessList(config);
  const trimmer = new LogTrimmer({
    store,
    bus,
    bound: { events: config.logEvents, days: config.logDays },
    now: () => service.cautiousNow(),
    log,
    onTrimmed: (events) => metrics.trimmed(events),
    ...(options.trimPauses === undefined ? {} : { pauses: options.trimPauses }),
  });
  opened.add(() => trimmer.close());
  const auto = createAuto({ store, bus, runner, service, clock: now, log, metrics });
  opened.add(() => auto.close());
  const webFiles = dist === null ? new Map<never, never>() : await loadWebFiles(dist);
  let base = "";
  const linkOf = (code: string): string => `${config.publicUrl ?? base}/#login=${code}`;
  const app = createApp({
    service,
    store,
    bus,
    dataDir,
    runner,
    access,
    authenticator,
    keys,
    codes,
    metrics,
    log,
    webFiles,
    version,
    now,
    loginUrl: linkOf,
    checkResults: options.checkResults ?? false,
    liveness: options.liveness,
    maxConnections: config.maxConnections,
    limits: options.limits,
    onWatched: (session_id, isWatched) => auto.watched(session_id, isWatched),
  });

  const headersMs = options.limits?.headersMs ?? usualHeadersMs;
  const server = createAdaptorServer({
    fetch: app.http.fetch,
    // Other upgrades, such as curl's to HTTP/2, are declined by answering in HTTP/1.1.
    serverOptions: {
      // A socket that says nothing, or half a request, is answered with 408 and closed.
      headersTimeout: headersMs,
      requestTimeout: 6 * headersMs,
      connectionsCheckingInterval: headersMs / 2,
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
    },
  }) as Server;
  app.attach(server);
  const port = await listen(server, config);
  access.bound(port);
  base = `http://${hostInUrl(config.host)}:${port}`;
  const ownToken = config.auth === "off" ? null : token;
  reachable = { url: base, token: ownToken };
  opened.add(() => closeServer(server));
  await writeServerFile(dataDir, { url: base, pid: process.pid });
  opened.add(() => removeServerFile(dataDir));
  log.info({ url: base, dataDir }, "listening");
  // Nobody waits for this: it must not keep the server from serving.
  auto.start().catch((error: unknown) => {
    log.error({ err: error }, "automatic checkpoints could not be taken up");
  });

  const stop = async (): Promise<void> => {
    // Nothing new comes in; what is at work ends, and its answers go out.
    const late = AbortSignal.timeout(drainMs);
    const tooLate = new Promise<void>((resolve) => {
      late.addEventListener("abort", () => resolve());
    });
    await Promise.race([Promise.all([auto.close(), service.drain(), app.idle()]), tooLate]);
    await app.drain(options.graceMs ?? 1_000);
    await opened.close(log);
  };
  let stopped: Promise<void> | null = null;
  return {
    url: `${base}/`,
    ws: `${base.replace(/^http/, "ws")}/ws`,
    port,
    dataDir,
    token: ownToken,
    loginUrl: () =>
      config.auth === "off" ? `${config.publicUrl ?? base}/` : linkOf(codes.issue()),
    stop: async () => await (stopped ??= stop()),
  };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 1_000);
  await closed;
  clearTimeout(timer);
}
