// A ports module for a runner's worker that kills the whole process where `CAIRN_CRASH_AT` says:
// `phase:<phase>` once that restore phase is durable, or `fs:<n>` ahead of a restore's n-th call.
import { realFs } from "../fs.ts";
import type { RestorePorts } from "../restore/restorer.ts";
import { watchedFs } from "./faults.ts";

function die(): void {
  process.kill(process.pid, "SIGKILL");
  // The signal ends the process from outside: nothing may be done until it does.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

export function createPorts(): RestorePorts {
  const [kind, ...rest] = (process.env["CAIRN_CRASH_AT"] ?? "").split(":");
  const at = rest.join(":");
  return {
    fs: kind === "fs" ? watchedFs(realFs, (call) => call === Number(at) && die()) : realFs,
    onPhase(phase) {
      if (kind === "phase" && phase === at) die();
    },
  };
}
