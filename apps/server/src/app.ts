import { statfs } from "node:fs/promises";
import type { Server } from "node:http";
import type { Runner } from "@cairn/runner/runner";
import type { Result } from "@cairn/shared/methods";
import type { Hono } from "hono";
import type { Bus } from "./bus/bus.ts";
import { DownloadTickets } from "./http/download-tickets.ts";
import { ticketOffice } from "./http/files.ts";
import type { Env } from "./http/guards.ts";
import { httpApp } from "./http/http-app.ts";
import type { HttpParts } from "./http/http-app.ts";
import type { LivenessTimes } from "./realtime/liveness.ts";
import { createRealtime } from "./realtime/realtime.ts";
import type { Limits } from "./realtime/realtime.ts";
import type { Store } from "./storage/store.ts";

export interface AppDeps extends Omit<HttpParts, "tickets"> {
  store: Store;
  bus: Bus;
  /** Real path of the data folder. */
  dataDir: string;
  runner: Pick<Runner, "read" | "facts">;
  /** Check results against their schemas: in tests. */
  checkResults: boolean;
  maxConnections: number;
  liveness?: LivenessTimes | undefined;
  limits?: Limits | undefined;
  /** Somebody watches a session, or nobody does any more. */
  onWatched?: (session_id: string, isWatched: boolean) => void;
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

/** Free bytes of the disk below which nothing more is captured, or soon will be. */
const leastFree = 64 * 1024 * 1024;

type Checks = Result<"health">["checks"];

/** Rejects when captures are refused, or about to be. */
async function checkRoom({ runner, dataDir }: AppDeps): Promise<void> {
  const { stored_bytes, limit_bytes, reserved_bytes } = await runner.facts();
  if (limit_bytes !== null && stored_bytes >= limit_bytes - reserved_bytes) {
    throw new Error(`the snapshot store holds ${stored_bytes} of ${limit_bytes} bytes`);
  }
  const { bavail, blocks, bsize } = await statfs(dataDir);
  if (bavail * bsize < Math.min(leastFree, (blocks * bsize) / 32))
    throw new Error("the disk of the data folder is almost full");
}

function healthOf(deps: AppDeps) {
  const { store, runner, authenticator, version } = deps;
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
      check("room", () => checkRoom(deps)),
    ]);
    const healthy = checks.every(({ ok }) => ok);
    return { healthy, version, auth: authenticator.mode, checks };
  };
}

export function createApp(deps: AppDeps): App {
  const health = healthOf(deps);
  const tickets = new DownloadTickets(deps.now);
  const ticket = ticketOffice(deps, tickets);
  const realtime = createRealtime({ ...deps, health, ticket });
  const { attach, idle, drain } = realtime;
  return { http: httpApp({ ...deps, tickets }, realtime, health), attach, idle, drain };
}
