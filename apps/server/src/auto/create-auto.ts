import type { Runner } from "@cairn/runner/runner";
import type { Bus } from "../bus/bus.ts";
import type { Clock, Log } from "../checkpoints/deps.ts";
import type { Metrics } from "../metrics.ts";
import { realTimers } from "../realtime/timers.ts";
import type { Service } from "../service.ts";
import type { Store } from "../storage/store.ts";
import { Auto } from "./auto.ts";

interface Parts {
  store: Store;
  bus: Bus;
  runner: Runner;
  service: Service;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/** What follows folders in a server, and what metrics tell of it. */
export function createAuto({ metrics, ...parts }: Parts): Auto {
  const auto = new Auto({
    ...parts,
    timers: realTimers,
    onCaptured: (reason, outcome) => metrics.captured(reason, outcome),
  });
  const sessions = "Sessions with automatic checkpoints";
  metrics.gaugeBy("cairn_auto_sessions", sessions, "status", () => auto.statuses);
  const folders = "Folders that are compared with their head, by how changes are learned of";
  metrics.gaugeBy("cairn_followed_folders", folders, "by", () => auto.hearing);
  return auto;
}
