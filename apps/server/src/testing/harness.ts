import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Logger } from "pino";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import type { Config } from "../config.ts";
import { startServer } from "../start-server.ts";
import type { RunningServer } from "../main.ts";
import type { LivenessTimes } from "../realtime/liveness.ts";
import type { Limits } from "../realtime/realtime.ts";
import type { TrimPauses } from "../sessions/log-trimmer.ts";
import { RawClient } from "./raw-client.ts";
import { callOver } from "./call.ts";

interface Options extends Partial<
  Pick<
    Config,
    | "auth"
    | "allowedHosts"
    | "publicUrl"
    | "token"
    | "maxConnections"
    | "logEvents"
    | "logDays"
    | "storeLimit"
  >
> {
  /** Kept at the end; a fresh one, removed at the end, when absent. */
  dataDir?: string;
  port?: number;
  dist?: string;
  liveness?: LivenessTimes;
  limits?: Limits;
  trimPauses?: TrimPauses;
}

export interface TestServer extends Omit<RunningServer, "token"> {
  /** The admin token; "" under `auth: "off"`. */
  token: string;
  /** Every log line so far, to look for what must or must not be in it. */
  logged: () => string;
  /** A fresh folder that may become a workspace. */
  folder: (name?: string) => Promise<string>;
  /** Over HTTP, as admin; rejects with `ProtocolError`. */
  call: <M extends MethodName>(method: M, params: Params<M>) => Promise<Result<M>>;
  /** Stops it while its clients are connected, and leaves its folders. */
  drain: () => Promise<void>;
  /** A signed-in WebSocket that knows the base protocol only. */
  client: (options?: { signIn?: boolean }) => Promise<RawClient>;
}

/** The whole server in this process, on a free port: real store, runner, service, sockets. */
export async function startTestServer(options: Options = {}): Promise<TestServer> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "cairn-server-")));
  const lines: string[] = [];
  const log: Logger = pino({ level: "debug", base: null }, { write: (line) => lines.push(line) });
  const config: Config = {
    host: "127.0.0.1",
    port: options.port ?? 0,
    dataDir: options.dataDir ?? join(root, "data"),
    auth: options.auth ?? "token",
    allowedHosts: options.allowedHosts ?? [],
    publicUrl: options.publicUrl ?? null,
    maxConnections: options.maxConnections ?? 1_000,
    logEvents: options.logEvents ?? 100_000,
    logDays: options.logDays ?? 30,
    storeLimit: options.storeLimit ?? null,
    open: false,
    json: true,
    token: options.token ?? null,
  };
  const { dist = null, liveness, limits, trimPauses } = options;
  const server = await startServer({
    config,
    log,
    dist,
    checkResults: true,
    graceMs: 200,
    ...(liveness === undefined ? {} : { liveness }),
    ...(limits === undefined ? {} : { limits }),
    ...(trimPauses === undefined ? {} : { trimPauses }),
  });
  const token = server.token ?? "";
  const clients: RawClient[] = [];
  let folders = 0;
  return {
    ...server,
    token,
    logged: () => lines.join(""),
    folder: async (name = "work") => {
      const folder = join(root, `${name}-${(folders += 1)}`);
      await mkdir(folder);
      return folder;
    },
    call: (method, params) => callOver({ url: server.url, token }, method, params),
    client: async ({ signIn = true } = {}) => {
      const client = await RawClient.open(server.ws);
      clients.push(client);
      if (signIn) await client.call("authenticate", { token });
      return client;
    },
    drain: () => server.stop(),
    stop: async () => {
      for (const client of clients) client.terminate();
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
