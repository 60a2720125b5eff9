import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod/mini";

const start = join(import.meta.dirname, "../start.ts");
const readyMs = 120_000;

const Ready = z.object({
  event: z.literal("ready"),
  url: z.string(),
  ws: z.string(),
  login_url: z.string(),
  data_dir: z.string(),
  pid: z.int(),
});

interface Options {
  dataDir: string;
  /** 0, or absent, takes a free one; a restart keeps it. */
  port?: number;
  args?: string[];
  env?: Record<string, string>;
  /** Path of another program that takes the same flags and prints the same ready line. */
  program?: string;
  /** A command and its flags that becomes the server, such as `setpriv`, or `strace -D`. */
  through?: string[];
}

/** The real `start.ts --json` as a process of its own. */
export class SpawnedServer {
  readonly #options: Options;
  #child: ChildProcess | null = null;
  #ready: z.infer<typeof Ready> | null = null;
  #port: number;
  /** Everything that was written to stdout and stderr, over all restarts. */
  stdout = "";
  stderr = "";

  constructor(options: Options) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  /** The ready line of the present process. */
  get ready(): z.infer<typeof Ready> {
    if (this.#ready === null) throw new Error("the server does not run");
    return this.#ready;
  }

  get url(): string {
    return this.ready.url;
  }

  async start(): Promise<this> {
    const { dataDir, args = [], env = {}, program = start, through = [] } = this.#options;
    const flags = ["--json", "--port", String(this.#port), "--data-dir", dataDir, ...args];
    const [command = "", ...rest] = [...through, process.execPath, program, ...flags];
    const child = spawn(command, rest, {
      env: { ...process.env, NODE_ENV: "test", npm_lifecycle_event: undefined, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#ready = await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`not ready in time: ${this.stderr}`)),
        readyMs,
      );
      createInterface(child.stdout).on("line", (line) => {
        this.stdout += `${line}\n`;
        if (!line.includes('"ready"')) return;
        clearTimeout(timer);
        resolve(Ready.parse(JSON.parse(line)));
      });
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with ${signal ?? code}: ${this.stderr}`));
      });
    });
    this.#port = Number(new URL(this.ready.url).port);
    return this;
  }

  /** Sends a signal and resolves with how the process ended. */
  async end(signal: "SIGTERM" | "SIGKILL" | "SIGINT" = "SIGTERM"): Promise<number | string | null> {
    const child = this.#child;
    if (child === null) return null;
    this.#child = null;
    this.#ready = null;
    if (child.exitCode !== null || child.signalCode !== null) {
      return child.signalCode ?? child.exitCode;
    }
    const ended = new Promise<number | string | null>((resolve) => {
      child.once("exit", (code, by) => resolve(by ?? code));
    });
    child.kill(signal);
    return await ended;
  }

  /** `kill -9`, as a crash does it; `start` brings it back on the same port and data. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }
}

/** Starts the server in a process of its own; end it by `end()`. */
export async function spawnServer(options: Options): Promise<SpawnedServer> {
  return await new SpawnedServer(options).start();
}
