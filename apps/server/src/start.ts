// `npm start`: what needs nothing built or opened comes first.
import "./compile-cache.ts";
import { join } from "node:path";
import { parseCommand, UsageError } from "./config.ts";
import { createLog, visible } from "./log.ts";
import { findNpm } from "./parent-watch.ts";
import { StartError } from "./start-error.ts";
import { version } from "./version.ts";
import { ensureWebBuilt } from "./web-build.ts";

// Before anything takes time: later its chain of processes may be broken already.
const watchNpm = findNpm(process.env);

function fail(message: string, code: number): never {
  process.stderr.write(`${visible(message.split("\n")[0] ?? message)}\n`);
  process.exit(code);
}

async function start(): Promise<void> {
  const command = parseCommand(process.argv.slice(2), process.env);
  if (command.kind === "help") {
    console.log(command.text);
    return;
  }
  if (command.kind === "version") {
    console.log(`cairn ${version}`);
    return;
  }
  const root = join(import.meta.dirname, "../../..");
  const log = createLog(command.config);
  const stopWatching = watchNpm(() => process.exit(0));
  const dist = await ensureWebBuilt({ root, log: (line) => log.info(line) }).catch(
    (error: unknown) => fail(error instanceof Error ? error.message : String(error), 1),
  );
  stopWatching();
  const { run } = await import("./run.ts");
  try {
    await run(command.config, log, dist, watchNpm);
  } catch (error) {
    if (error instanceof StartError) fail(error.message, 2);
    throw error;
  }
}

try {
  await start();
  process.exit(0);
} catch (error) {
  if (error instanceof UsageError) fail(error.message, 2);
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
}
