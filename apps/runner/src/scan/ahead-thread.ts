// A second thread of a scan: looks whether what is remembered stands.
import { parentPort } from "node:worker_threads";
import type { News, Remembered, Round } from "./ahead-look.ts";
import { lookAtParts } from "./ahead-look.ts";
import { realScanFs } from "./scan-fs.ts";

const folders: (Remembered | undefined)[] = [];

parentPort?.on("message", (message: News | Round) => {
  if ("parts" in message) {
    lookAtParts(realScanFs, message, (number) => folders[number]);
    return;
  }
  for (const number of message.gone) folders[number] = undefined;
  for (const [number, folder] of message.known) folders[number] = folder;
});
