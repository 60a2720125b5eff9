import { mkdir, chmod, access as probe, constants, readdir, realpath } from "node:fs/promises";
import type { Server } from "node:http";
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { startRunner } from "@cairn/runner/worker-runner";
import { ProtocolError } from "@cairn/shared/errors";
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
import type { LivenessTimes } from "./realtime/liveness.ts";
import type { Limits } from "./realtime/realtime.ts";
import { LogTrimmer } from "./sessions/log-trimmer.ts";
import type { TrimPauses } from "./sessions/log-trimmer.ts";
import { openSqliteStore } from "./storage/sqlite/sqlite-store.ts";
import { version } from "./version.ts";

/** Why the server cannot start here: one line for the person who started it, exit code 2. */
export class StartError extends Error {
  override readonly name = "StartError";
}

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

interface StartOptions {
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
  /** Replaces the file operations of the runner's workers, to inject faults. */
  portsModule?: URL;
}

const drainMs = 30_000;
/** How long the head of a request may take to come in, in ms; its body may take six times that. */
const usualHeadersMs = 10_000;

/** What a data folder has one of from the first start on. */
const ownNames = new Set(["store", "cairn.db", "token", "server.json"]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

// Not by `recursive`: where a folder cannot be made although its parent is there, as in /proc,
// Node 26 then tries for ever.
async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    const parent = dirname(path);
    if (codeOf(error) !== "ENOENT" || parent === path) throw error;
    await makeFolder(parent, 0o777);
    await mkdir(path, { mode });
  }
}

/** A folder that holds other things would be closed to everyone else who uses it. */
async function refuseForeign(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => name !== "lost+found");
  if (names.length === 0 || names.some((name) => ownNames.has(name))) return;
  throw new StartError(
    `${dataDir} holds other things than Cairn's data. Choose a new or empty folder with --data-dir.`,
  );
}

async function openDataDir(dataDir: string): Promise<string> {
  try {
    await makeFolder(dataDir, 0o700);
    await refuseForeign(dataDir);
    await probe(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    await chmod(dataDir, 0o700);
    return await realpath(dataDir);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const why = codeOf(error) === "" ? String(error) : codeOf(error);
    throw new StartError(`The data folder ${dataDir} cannot be written (${why}).`, {
      cause: error,
    });
  }
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

/** What was opened so far, to be closed in the opposite order. */
class Opened {
  readonly #closers: (() => Promise<void>)[] = [];

  add(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async close(log: Logger): Promise<void> {
    for (const close of this.#closers.toReversed()) {
      await close().catch((error: unknown) => log.error({ err: error }, "closing failed"));
    }
  }
}

/** Opens the data folder, recovers what a crash cut, and serves; rejects with `StartError`. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const opened = new Opened();
  try {
    return await open(options, opened);
  } catch (error) {
    await opened.close(options.log);
    throw error;
  }
}

async function open(options: StartOptions, opened: Opened): Promise<RunningServer> {
  const { config, log, dist, portsModule } = options;
  const dataDir = await openDataDir(config.dataDir);
  // First of all: the runner's lock makes us the one owner of this folder.
  const ports = portsModule === undefined ? {} : { portsModule };
  const { storeLimit } = config;
  const limit = storeLimit === null ? {} : { storeLimit };
  const runner = await startRunner({ dataDir, ...ports, ...limit }).catch((error: unknown) => {
    if (error instanceof ProtocolError) throw new StartError(error.message, { cause: error });
    throw error;
  });
  opened.add(() => runner.close());
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
