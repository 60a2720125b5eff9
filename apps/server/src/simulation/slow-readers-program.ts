// The server of the test with clients that stop reading, in a process whose memory can be told
// apart. `--unbounded` plants the fault that the test must find.
import { randomUUID } from "node:crypto";
import { LocalBus } from "../bus/local.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import type { NewEvent } from "../storage/store.ts";
import { asListed, checkpointRow, sessionRow } from "../storage/testing/rows.ts";
import { heedless } from "./faults.ts";
import { serveRealtime } from "./realtime-server.ts";

/** What the test tells it to do, and what it tells the test. */
export interface Order {
  events: number;
  perSecond: number;
  /** It stops when it has taken so many bytes: one fault is enough, the machine need not suffer. */
  atMost: number;
}
export interface Told {
  port?: number;
  session_id?: string;
  /** Resident memory before the first event, and at most from then on. */
  before?: number;
  most?: number;
}

const [file = "", flag] = process.argv.slice(2);
const store = await openSqliteStore({ file });
const bus = new LocalBus();
const session_id = randomUUID();
await store.transact((tx) => tx.insertSession(sessionRow({ session_id })));

function eventOf(n: number): NewEvent {
  const checkpoint_id = randomUUID();
  const timestamp = new Date().toISOString();
  const message = `${n} `.padEnd(2_200, "state ");
  const row = checkpointRow({ checkpoint_id, session_id, sequence_number: n, message });
  return {
    event_type: "checkpoint_created",
    data: { checkpoint_id, session_id, timestamp },
    // When it was committed, to the microsecond.
    actor: String(performance.timeOrigin + performance.now()),
    checkpoint: asListed(row),
  };
}

async function commit({ events, perSecond, atMost }: Order): Promise<Told> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const began = performance.now();
  for (let n = 0; n < events; n += 1) {
    const { seq } = await store.transact((tx) => tx.appendEvent(eventOf(n)));
    bus.publish({ session_id, seq });
    if (n % 50 === 0) most = Math.max(most, process.memoryUsage.rss());
    if (most - before > atMost) break;
    const ahead = (n / perSecond) * 1000 - (performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, ahead)));
  }
  return { before, most: Math.max(most, process.memoryUsage.rss()) };
}

const tell = (told: Told): void => void process.send?.(told);
const planted = flag === "--unbounded" ? { planted: heedless } : {};
tell({ port: await serveRealtime({ store, bus, ...planted }), session_id });
process.on("message", (order: Order) => void commit(order).then(tell));
process.on("disconnect", () => process.exit(0));
