import type { Runner } from "@cairn/runner/runner";
import type { Bus } from "../bus/bus.ts";
import type { Store } from "../storage/store.ts";
import type { SteadyTime, Uptime } from "./steady-time.ts";

/** Now, as milliseconds since the epoch. */
export type Clock = () => number;

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Is told of what is done without being asked for. */
export interface UpkeepCounts {
  /** Bytes. */
  collected(bytes: number): void;
  compacted(checkpoints: number): void;
  purged(checkpointsAndSessions: number): void;
}

/** What the service is made from. */
export interface ServiceParts {
  store: Store;
  bus: Bus;
  runner: Runner;
  /** Real path of the data folder. */
  dataDir: string;
  clock: Clock;
  /** The machine's own when absent. */
  uptime?: Uptime;
  counted?: UpkeepCounts;
  newId: () => string;
  log: Log;
  /** Where the demo's agent reaches this server's public API, once it listens. */
  api: () => { url: string; token: string | null } | null;
}

/** What its functions work with. */
export interface ServiceDeps extends ServiceParts {
  steady: SteadyTime;
}

export function timestamp(clock: Clock): string {
  return new Date(clock()).toISOString();
}
