// Watches the folders that it is given, and prints what it hears as JSON lines, until stdin ends.
import { Watchers } from "../watch/watchers.ts";

const watchers = new Watchers();
for (const folder of process.argv.slice(2)) {
  watchers.watch(folder, { names: [".git", "node_modules"], paths: [] }, (lost) => {
    process.stdout.write(`${JSON.stringify({ folder, lost: lost ?? null })}\n`);
  });
}
process.stdin.on("end", () => watchers.close()).resume();
