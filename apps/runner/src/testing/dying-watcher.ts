// In place of the watching process: watches what it is told to, and dies where CAIRN_DIE_AT says.
import { existsSync, writeFileSync } from "node:fs";
import type { FromWatcher, ToWatcher } from "../watch/messages.ts";

const at = process.env["CAIRN_DIE_AT"];
const mark = process.env["CAIRN_DIE_ONCE"] ?? "";

function die(): void {
  if (mark !== "" && existsSync(mark)) return;
  if (mark !== "") writeFileSync(mark, "");
  process.kill(process.pid, "SIGSEGV");
}

if (at === "start") die();
process.on("message", (message: ToWatcher) => {
  const { kind, id } = message;
  if (kind === "unwatch" || at === "never answers") return;
  if (at === "too large" && message.folder.endsWith("large")) {
    const lost: FromWatcher = { kind: "lost", id, reason: "too large", tookNothing: true };
    process.send?.(lost);
    return;
  }
  if (at === "no binary") {
    const reason = "No prebuild or local build found";
    const lost: FromWatcher = { kind: "lost", id, reason, tookNothing: false };
    process.send?.(lost);
    return;
  }
  const changed: FromWatcher = { kind: "changed", id };
  process.send?.(changed, undefined, undefined, () => {
    if (at === "watching") die();
  });
});
process.on("disconnect", () => process.exit());
