// The whole path: a call to the service, the commit in SQLite, the log, the follower, the socket.
// When each event was asked for and committed is told at the end, to be held against its arrival.
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startRunner } from "@cairn/runner/worker-runner";
import { LocalBus } from "../src/bus/local.ts";
import { createService } from "../src/checkpoints/create-service.ts";
import { serveRealtime } from "../src/simulation/realtime-server.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";

export interface PathOrder {
  events: number;
  perSecond: number;
}
/** By seq, in ms since 1970. */
export type Times = Record<number, { asked: number; committed: number }>;

const now = (): number => performance.timeOrigin + performance.now();
const root = await realpath(await mkdtemp(join(tmpdir(), "cairn-path-")));
const dataDir = join(root, "data");
await mkdir(dataDir, { mode: 0o700 });
const store = await openSqliteStore({ file: join(dataDir, "cairn.db") });
const runner = await startRunner({ dataDir });
const bus = new LocalBus();
const quiet = { info: () => undefined, warn: () => undefined, error: console.error };
const service = await createService({
  store,
  runner,
  bus,
  dataDir,
  clock: Date.now,
  newId: randomUUID,
  log: quiet,
  api: () => null,
});
const caller = { actor: "bench" };
const { session_id } = await service.create_session({ name: "path" }, caller);
const port = await serveRealtime({ store, bus });

let times: Times = {};
const committed = new Map<number, number>();
const publish = bus.publish.bind(bus);
bus.publish = (hint) => {
  committed.set(hint.seq, now());
  publish(hint);
};

async function commit({ events, perSecond }: PathOrder): Promise<Times> {
  times = {};
  committed.clear();
  const began = performance.now();
  const calls: Promise<unknown>[] = [];
  const before = (await store.position(session_id))?.seq ?? 0;
  const asked: number[] = [];
  for (let n = 0; n < events; n += 1) {
    asked.push(now());
    const trigger = { kind: "automatic" as const };
    calls.push(service.checkpoint({ session_id, message: `${n}`, tags: [], trigger }, caller));
    await pause(Math.max(0, ((n + 1) * 1000) / perSecond - (performance.now() - began)));
  }
  await Promise.all(calls);
  for (const [seq, at] of committed) {
    times[seq] = { asked: asked[seq - before - 1] ?? NaN, committed: at };
  }
  return times;
}

process.on(
  "message",
  (order: PathOrder) => void commit(order).then((told) => process.send?.(told)),
);
process.on("disconnect", () => {
  void service
    .drain()
    .then(() => runner.close())
    .then(() => store.close())
    .then(() => rm(root, { recursive: true, force: true }))
    .then(() => process.exit(0));
});
process.send?.({ port, session_id });
