// A process that restores through the runner's worker thread, to be killed on the way by
// `CAIRN_CRASH_AT`: node restore-victim.ts <data folder> <request as JSON>
import { startRunner } from "../worker-runner.ts";
import type { PrepareRequest } from "../runner.ts";

const [dataDir, json] = process.argv.slice(2);
if (dataDir === undefined || json === undefined) throw new Error("data folder and request");
const request = JSON.parse(json) as PrepareRequest;
const runner = await startRunner({
  dataDir,
  portsModule: new URL("crash-ports.ts", import.meta.url),
});
await runner.prepare(request);
await runner.apply(request.operation_id);
await runner.settle(request.operation_id);
await runner.close();
