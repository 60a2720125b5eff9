import type { Config } from "./config.ts";
import { visible } from "./log.ts";
import type { Logger } from "./log.ts";
import { startServer } from "./start-server.ts";
import type { RunningServer } from "./main.ts";
import { openBrowser } from "./open-browser.ts";
import type { NpmWatch } from "./parent-watch.ts";

function announce({ url, ws, dataDir }: RunningServer, login_url: string, config: Config): void {
  if (config.json) {
    const ready = { event: "ready", url, ws, login_url, data_dir: dataDir, pid: process.pid };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    return;
  }
  const once =
    config.auth === "off"
      ? "Anyone on this machine may use it: sign-in is off."
      : "The link works once, for 5 minutes. `npm run login` prints a fresh one.";
  process.stdout.write(`
Cairn is running.

  Open  ${login_url}
  Data  ${visible(dataDir)}
  Stop  Ctrl+C

${once}

`);
}

// Stdout holds the ready line and nothing else; a library may say something by console.
function divertConsole(log: Logger): void {
  const say = (...words: unknown[]): void => log.debug({ words: words.map(String) }, "console");
  Object.assign(console, { log: say, info: say, debug: say });
  const warn = (...words: unknown[]): void => log.warn({ words: words.map(String) }, "console");
  Object.assign(console, { warn, error: warn });
}

/** Serves until SIGTERM, SIGINT or the end of the npm that started us. */
export async function run(
  config: Config,
  log: Logger,
  dist: string,
  watchNpm: NpmWatch,
): Promise<void> {
  divertConsole(log);
  let ending = false;
  let wake: (reason: string) => void = () => undefined;
  const asked = new Promise<string>((resolve) => {
    wake = resolve;
  });
  const end = (reason: string): void => {
    // Asked a second time by a person: they do not want to wait.
    if (ending && reason === "SIGINT") process.exit(130);
    ending = true;
    wake(reason);
  };
  process.on("SIGTERM", () => end("SIGTERM"));
  process.on("SIGINT", () => end("SIGINT"));
  const unwatch = watchNpm(() => end("npm is gone"));

  const checkResults = process.env["NODE_ENV"] === "test";
  const server = await startServer({ config, log, dist, checkResults });
  if (!ending) {
    const login_url = server.loginUrl();
    announce(server, login_url, config);
    if (config.open) {
      openBrowser(server.loginUrl(), () =>
        log.warn("no browser could be opened: open the link by hand"),
      );
    }
  }
  const reason = await asked;
  log.info({ reason }, "stopping");
  unwatch();
  await server.stop();
  log.info("stopped");
}
