// The server with a runner that kills the process where `CAIRN_CRASH_AT` says; else like start.ts.
import "../compile-cache.ts";
import { parseCommand } from "../config.ts";
import { createLog } from "../log.ts";
import { startServer } from "../start-server.ts";

const command = parseCommand(process.argv.slice(2), process.env);
if (command.kind !== "run") throw new Error("this program only serves");
const { config } = command;
const server = await startServer({
  config,
  log: createLog(config),
  dist: null,
  portsModule: new URL(import.meta.resolve("@cairn/runner/testing/crash-ports")),
});
process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)));
const { url, ws, dataDir } = server;
const ready = { event: "ready", url, ws, login_url: url, data_dir: dataDir, pid: process.pid };
process.stdout.write(`${JSON.stringify(ready)}\n`);
