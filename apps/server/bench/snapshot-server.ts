// The whole server in a process of its own, which tells how long its event loop was held up.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseCommand } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { startServer } from "../src/start-server.ts";

const resolution = 1;
const flags = ["--json", "--port", "0", "--auth", "off", "--data-dir", process.argv[2] ?? ""];
const command = parseCommand(flags, {});
if (command.kind !== "run") throw new Error("this program only serves");
const { config } = command;
const server = await startServer({ config, log: createLog(config), dist: null });
const delay = monitorEventLoopDelay({ resolution });
delay.enable();

process.on("message", (message: "begin" | "tell" | "stop") => {
  if (message === "begin") delay.reset();
  else if (message === "tell") {
    const { max } = delay;
    // In ms, as the runner's bench reads it.
    process.send?.({ p99: delay.percentile(99) / 1e6, max: max / 1e6 });
  } else void server.stop().then(() => process.exit(0));
});
process.on("disconnect", () => process.exit(0));
process.send?.(server.url);
