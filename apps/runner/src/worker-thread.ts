import { Worker } from "node:worker_threads";
import type { ProtocolError } from "@cairn/shared/errors";
import { cancelled, shareSignal } from "./cancelling.ts";
import type { Answer, Ask, CallMessage, Method, ReplyMessage } from "./calls.ts";
import { fromWire, threadEnded } from "./errors.ts";
import type { Hooks } from "./runner.ts";
import type { WorkerData } from "./worker.ts";

interface Waiting {
  method: Method;
  resolve: (result: never) => void;
  reject: (error: ProtocolError) => void;
  hooks: Hooks;
  release: () => void;
}

/** A worker thread of the runner. When it ends, all that waits for it rejects as `internal`. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  /** Called when it has ended, however that came. */
  onEnd: () => void = () => undefined;
  #nextId = 1;
  #failure: Error | undefined;
  #alive = true;

  constructor(data: WorkerData) {
    this.#worker = new Worker(new URL("worker.ts", import.meta.url), {
      workerData: data,
      execArgv: [],
    });
    this.#worker.on("message", (reply: ReplyMessage) => this.#receive(reply));
    this.#worker.on("error", (error: Error) => {
      this.#failure = error;
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        this.#alive = false;
        this.#rejectAll();
        this.onEnd();
        resolve();
      });
    });
  }

  get busy(): boolean {
    return this.#waiting.size > 0;
  }

  /** Calls are answered in the order in which they are made. */
  call<M extends Method>(method: M, request: Ask<M>, hooks: Hooks = {}): Promise<Answer<M>> {
    return new Promise((resolve, reject) => {
      if (!this.#alive) {
        reject(threadEnded(this.#failure, method));
        return;
      }
      if (hooks.signal?.aborted === true) {
        reject(cancelled());
        return;
      }
      const id = this.#nextId;
      this.#nextId += 1;
      const shared = hooks.signal && shareSignal(hooks.signal);
      const release = (): void => shared?.release();
      this.#waiting.set(id, { method, resolve, reject, hooks, release });
      const message: CallMessage = {
        id,
        method,
        request,
        progress: hooks.onProgress !== undefined,
        cancel: shared?.flag ?? null,
      };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is no window
      this.#worker.postMessage(message);
    });
  }

  /** Lets the calls that were made be answered, then ends the thread. */
  async close(): Promise<void> {
    // A thread that broke has nothing left to close.
    await this.call("close", undefined).catch(() => undefined);
    await this.#ended;
  }

  /** Ends a thread of which nothing was asked, wherever it is: it has nothing to lose. */
  async drop(): Promise<void> {
    await this.#worker.terminate();
    await this.#ended;
  }

  #receive(reply: ReplyMessage): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if ("progress" in reply) {
      waiting.hooks.onProgress?.(reply.progress);
      return;
    }
    this.#waiting.delete(reply.id);
    waiting.release();
    if ("error" in reply) waiting.reject(fromWire(reply.error, waiting.method));
    else waiting.resolve(reply.result as never);
  }

  #rejectAll(): void {
    for (const { method, reject, release } of this.#waiting.values()) {
      release();
      reject(threadEnded(this.#failure, method));
    }
    this.#waiting.clear();
  }
}
