// A process of its own that watches folders for the runner: the native watcher can crash, and then
// takes whatever process it is in with it.
import { Budget } from "./budget.ts";
import type { FromWatcher, ToWatcher } from "./messages.ts";
import type { WatchedFolder } from "./watched-folder.ts";

const watched = new Map<number, WatchedFolder>();
const budget = new Budget();

function tell(message: FromWatcher): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

async function watch({ id, ...options }: ToWatcher & { kind: "watch" }): Promise<void> {
  try {
    // Only now: where there is no binary for this machine, it throws.
    const { WatchedFolder } = await import("./watched-folder.ts");
    const folder = new WatchedFolder({
      ...options,
      budget,
      onChange: () => tell({ kind: "changed", id }),
      onLost: (reason, tookNothing) => {
        watched.delete(id);
        tell({ kind: "lost", id, reason, tookNothing });
      },
    });
    watched.set(id, folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // A module that failed to load is not looked for again by the same process.
    tell({ kind: "lost", id, reason, tookNothing: false });
  }
}

// One after the other: an end must not overtake its beginning.
let lane: Promise<void> = Promise.resolve();
process.on("message", (message: ToWatcher) => {
  lane = lane.then(async () => {
    if (message.kind === "watch") {
      await watch(message);
      return;
    }
    watched.get(message.id)?.close();
    watched.delete(message.id);
  });
});
// At once, and without the native watcher's own ending.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// Ctrl+C reaches the whole group: the server ends this process when it has no more use for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
