// A thread of the runner: opens the store, and answers calls one after the other.
import type { MessagePort } from "node:worker_threads";
import { parentPort, workerData } from "node:worker_threads";
import { checkOf } from "./cancelling.ts";
import type { WorkHooks } from "./cancelling.ts";
import type { CallMessage, ReplyMessage } from "./calls.ts";
import { toWire } from "./errors.ts";
import { realFs } from "./fs.ts";
import { LocalRunner } from "./local-runner.ts";
import type { RestorePorts } from "./restore/restorer.ts";

export interface WorkerData {
  dataDir: string;
  storeDir: string;
  portsModule: string | null;
  storeLimit: number | null;
}

const progressMs = 100;

const port = parentPort;
if (port === null) throw new Error("worker.ts runs in a worker thread only");
const { dataDir, storeDir, portsModule, storeLimit } = workerData as WorkerData;

async function loadPorts(): Promise<RestorePorts> {
  if (portsModule === null) return { fs: realFs };
  const module = (await import(portsModule)) as { createPorts(): RestorePorts };
  return module.createPorts();
}

function send(reply: ReplyMessage): void {
  const transfer: ArrayBuffer[] = [];
  // What was read is handed over, not copied.
  if ("result" in reply) {
    const data = (reply.result as { data?: unknown } | undefined)?.data;
    if (data instanceof Uint8Array && data.buffer instanceof ArrayBuffer)
      transfer.push(data.buffer);
  }
  port?.postMessage(reply, transfer);
}

function hooksOf({ id, progress, cancel }: CallMessage): WorkHooks {
  const hooks: WorkHooks = {};
  if (cancel !== null) hooks.check = checkOf(cancel);
  if (progress) {
    let next = 0;
    hooks.onProgress = (progress) => {
      const now = performance.now();
      if (now < next) return;
      next = now + progressMs;
      send({ id, progress });
    };
  }
  return hooks;
}

/** Between slices of what is done while nobody asks for anything: it takes a tenth of a core. */
const idleMs = 150;
let idling: NodeJS.Timeout | undefined;

function idle(runner: LocalRunner): void {
  idling = setTimeout(() => {
    if (runner.reread()) idle(runner);
  }, idleMs);
}

function answer(runner: LocalRunner, call: CallMessage): void {
  try {
    type Work = (request: unknown, hooks: WorkHooks) => unknown;
    const method = runner[call.method].bind(runner) as Work;
    const hooks = hooksOf(call);
    // It may have been given up while it waited for its turn.
    hooks.check?.();
    const result = method(call.request, hooks);
    runner.rest();
    send({ id: call.id, result });
  } catch (error) {
    runner.rest();
    send({ id: call.id, error: toWire(error) });
  }
  runner.tidy();
  clearTimeout(idling);
  if (call.method === "close") port?.close();
  else idle(runner);
}

async function start(port: MessagePort): Promise<void> {
  const ports = await loadPorts();
  const open = (): LocalRunner => new LocalRunner({ dataDir, storeDir, storeLimit, ports });
  let runner: LocalRunner | undefined;
  try {
    runner = open();
  } catch {
    // It may be asked much later, as a spare thread is: what is wrong now may be mended by then.
  }
  port.on("message", (call: CallMessage) => {
    try {
      runner ??= open();
    } catch (error) {
      // Whoever calls is told why, with its code; then the thread ends.
      send({ id: call.id, error: toWire(error) });
      port.close();
      return;
    }
    answer(runner, call);
  });
}

await start(port);
