import type { Hooks } from "@cairn/runner/runner";
import { ProtocolError } from "@cairn/shared/errors";
import type { TransientMessage } from "@cairn/shared/events";

/** Transient messages that the service sends by itself; `session_id` "*" is the whole store. */
export type ServiceMessage = TransientMessage & {
  event_type: "progress" | "workspace_dirty" | "auto_state";
};

/** One call that takes its time: how it reports, and whether it is to stop. */
export interface LongCall {
  readonly signal: AbortSignal;
  /** Hooks for the runner: progress under the call's id, if it was given one, and its end. */
  hooks(session_id: string, operation_id: string | undefined, kind: string): Hooks;
  /** Throws `cancelled` once the call is to stop: before each step that can be left out. */
  check(): void;
}

function cancelled(): ProtocolError {
  return new ProtocolError("cancelled", "This was cancelled before it had an effect.");
}

/** Long calls at work: who listens to their progress, and how one is stopped. */
export class LongCalls {
  readonly #listeners = new Set<(message: ServiceMessage) => void>();
  readonly #atWork = new Map<string, Set<AbortController>>();

  listen(listener: (message: ServiceMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(message: ServiceMessage): void {
    for (const listener of this.#listeners) listener(message);
  }

  /** Does `work` as a call that `cancel` finds under each id that it is known by. */
  async run<T>(id: string | undefined, work: (call: LongCall) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const { signal } = controller;
    const ids = new Set<string>();
    const know = (name: string | undefined): void => {
      if (name === undefined || ids.has(name)) return;
      ids.add(name);
      const same = this.#atWork.get(name) ?? new Set();
      this.#atWork.set(name, same.add(controller));
    };
    know(id);
    try {
      return await work({
        signal,
        hooks: (session_id, operation_id, kind) => {
          know(operation_id);
          if (operation_id === undefined) return { signal };
          return {
            signal,
            onProgress: (progress) => {
              const data = { session_id, operation_id, kind, ...progress };
              this.send({ event_type: "progress", data });
            },
          };
        },
        check: () => {
          if (signal.aborted) throw cancelled();
        },
      });
    } finally {
      for (const name of ids) {
        const same = this.#atWork.get(name);
        same?.delete(controller);
        if (same?.size === 0) this.#atWork.delete(name);
      }
    }
  }

  /** Asks what is at work under this id to stop. False when nothing is. */
  cancel(id: string): boolean {
    const found = this.#atWork.get(id);
    for (const controller of found ?? []) controller.abort();
    return found !== undefined;
  }
}
