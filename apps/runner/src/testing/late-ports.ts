// A ports module for a runner's worker that fails the first time that the thread opens its store, and
// then writes the file that `CAIRN_FAILED` names: as on a machine that is short of something for a
// moment.
import { existsSync, writeFileSync } from "node:fs";
import { ProtocolError } from "@cairn/shared/errors";
import { realFs } from "../fs.ts";
import type { RestorePorts } from "../restore/restorer.ts";

export function createPorts(): RestorePorts {
  const mark = process.env["CAIRN_FAILED"] ?? "";
  return {
    get fs() {
      if (existsSync(mark)) return realFs;
      writeFileSync(mark, "");
      throw new ProtocolError("limit_reached", "Too many files are open on this machine.");
    },
  };
}
