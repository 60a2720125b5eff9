// A process that tries for a store's lock each time it is told to, and says whether it got it.
// Told `go`: tries; `give`: lets go of it.
import { createInterface } from "node:readline";
import { ProtocolError } from "@cairn/shared/errors";
import { lockStore } from "../store/lock.ts";

const dir = process.argv[2] ?? "";
let held: { release(): void } | undefined;

function attempt(): string {
  try {
    held = lockStore(dir);
    return "owner";
  } catch (error) {
    const reason = error instanceof ProtocolError ? error.details?.["reason"] : undefined;
    return reason === "already_owned" ? "refused" : `failed: ${String(error)}`;
  }
}

console.log("ready");
createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "go") console.log(attempt());
  if (line === "give") {
    held?.release();
    held = undefined;
    console.log("given");
  }
});
