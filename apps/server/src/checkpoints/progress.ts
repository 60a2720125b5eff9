import type { Hooks } from "@cairn/runner/runner";
import type { TransientMessage } from "@cairn/shared/events";

type ProgressMessage = TransientMessage & { event_type: "progress" };

/** Passes the progress of long operations on to whoever listens. */
export class ProgressHub {
  #listeners = new Set<(message: ProgressMessage) => void>();

  listen(listener: (message: ProgressMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hooks for the runner; none when the caller gave no id to report under. */
  hooks(session_id: string, operation_id: string | undefined, kind: string): Hooks {
    if (operation_id === undefined) return {};
    return {
      onProgress: ({ phase, done, total }) => {
        for (const listener of this.#listeners) {
          listener({
            event_type: "progress",
            data: { session_id, operation_id, kind, phase, done, total },
          });
        }
      },
    };
  }
}
