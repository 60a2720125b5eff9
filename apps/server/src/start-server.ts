import { startRunner } from "@cairn/runner/worker-runner";
import { ProtocolError } from "@cairn/shared/errors";
import { openDataDir } from "./data-folder.ts";
import { Opened } from "./opened.ts";
import type { RunningServer, ServeOptions } from "./main.ts";
import { StartError } from "./start-error.ts";

interface StartOptions extends ServeOptions {
  /** Replaces the file operations of the runner's workers, to inject faults. */
  portsModule?: URL;
}

/** Opens the data folder, recovers what a crash cut, and serves; rejects with `StartError`. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const opened = new Opened();
  try {
    return await open(options, opened);
  } catch (error) {
    await opened.close(options.log);
    throw error;
  }
}

async function open(options: StartOptions, opened: Opened): Promise<RunningServer> {
  const { portsModule, config } = options;
  const dataDir = await openDataDir(config.dataDir);
  // First of all: the runner's lock makes us the one owner of this folder.
  const ports = portsModule === undefined ? {} : { portsModule };
  const { storeLimit } = config;
  const limit = storeLimit === null ? {} : { storeLimit };
  const runner = await startRunner({ dataDir, ...ports, ...limit }).catch((error: unknown) => {
    if (error instanceof ProtocolError) throw new StartError(error.message, { cause: error });
    throw error;
  });
  opened.add(() => runner.close());
  // The runner's thread starts while this one loads the rest of the program, which takes as long.
  // Whatever is wrong there is met again by the recovery.
  void runner.waiting().catch(() => undefined);
  const { serve } = await import("./main.ts");
  return await serve(options, dataDir, runner, opened);
}
