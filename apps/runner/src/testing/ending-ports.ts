// A ports module that ends the worker thread, not the process, once a restore step is done: the
// first time only, so that the thread that comes after it can take the restore back.
import { existsSync, writeFileSync } from "node:fs";
import { realFs } from "../fs.ts";
import type { RestorePorts } from "../restore/restorer.ts";

export function createPorts(): RestorePorts {
  const mark = process.env["CAIRN_END_ONCE"];
  const at = process.env["CAIRN_END_AT"];
  return {
    fs: realFs,
    onPhase(phase) {
      if (mark === undefined || phase !== at || existsSync(mark)) return;
      writeFileSync(mark, phase);
      process.exit(1);
    },
  };
}
