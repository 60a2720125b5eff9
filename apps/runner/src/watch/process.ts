// A process of its own that watches folders for the runner: the native watcher can crash, and then
// takes whatever process it is in with it.
import type { FromWatcher, ToWatcher } from "./messages.ts";
import type { WatchedFolder } from "./watched-folder.ts";

const watched = new Map<number, WatchedFolder>();

function tell(message: FromWatcher): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

async function watch({ id, ...options }: ToWatcher & { kind: "watch" }): Promise<void> {
  try {
    // Only now: where there is no binary for this machine, it throws.
    const { WatchedFolder } = await import("./watched-folder.ts");
    const folder = new WatchedFolder({
      ...options,
      onChange: () => tell({ kind: "changed", id }),
      onLost: (reason) => {
        watched.delete(id);
        tell({ kind: "lost", id, reason });
      },
    });
    watched.set(id, folder);
  } catch (error) {
    tell({ kind: "lost", id, reason: error instanceof Error ? error.message : String(error) });
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
