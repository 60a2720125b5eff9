import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

export const root = join(import.meta.dirname, "..");

interface Command {
  /** A package's script under node_modules, or a path of ours: run by this same Node. */
  script: string;
  args?: string[];
  env?: Record<string, string>;
  minutes?: number;
  /** Where the output goes as it comes, for whoever waits. */
  echo?: boolean;
}

/** Runs one check, without stdin and with a limit in time. */
export async function run(
  { script, args = [], env = {}, minutes = 10, echo = false }: Command,
  logFile: string,
): Promise<{ ok: boolean; output: string }> {
  const log = createWriteStream(logFile, { flags: "a" });
  const windows = process.platform === "win32";
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    // Servers and threads that tests start need not compile the same code again each time.
    env: {
      NODE_COMPILE_CACHE: join(root, ".cache/node"),
      ...process.env,
      FORCE_COLOR: "0",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that a stuck browser or server ends with its step.
    detached: !windows,
  });
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(windows ? child.pid : -child.pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  };
  const interrupt = (): void => {
    kill();
    process.exit(130);
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);

  let output = "";
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    log.write(chunk);
    if (echo) process.stdout.write(chunk);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);

  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, minutes * 60_000);
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      output += error.message;
      resolve(null);
    });
    child.once("exit", (status) => {
      // A grandchild left behind would hold the pipes open: end it, then read the rest.
      kill();
      child.once("close", () => resolve(status));
    });
  });
  clearTimeout(timer);
  process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  if (late) output += `\nStopped after ${minutes} minutes.\n`;
  log.end();
  // oxlint colours whatever it is told, when CI is set.
  return { ok: code === 0 && !late, output: stripVTControlCharacters(output) };
}
