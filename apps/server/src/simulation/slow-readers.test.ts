// Clients that stop reading harm nobody: P10, [SLO1] [SLO5]. They get everything later, in order.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ByteClient } from "./byte-client.ts";
import type { Order, Told } from "./slow-readers-program.ts";

const program = join(import.meta.dirname, "slow-readers-program.ts");
const mib = 1024 * 1024;
const order: Order = { events: 5_000, perSecond: 1_000, atMost: 400 * mib };
const healthy = 10;

async function told(child: ChildProcess): Promise<Told> {
  const [message] = (await once(child, "message")) as [Told];
  return message;
}

/** Seqs in their order, and how late each came. */
class Reader {
  readonly late: number[] = [];
  wrong: string | null = null;
  #last = 0;
  client: ByteClient | null = null;

  take(payload: Buffer): void {
    const text = payload.toString();
    const seq = Number(/"seq":(\d+)/.exec(text)?.[1] ?? 0);
    if (!text.startsWith('{"event_type":"checkpoint_created"')) return;
    if (seq !== this.#last + 1) this.wrong ??= `${seq} after ${this.#last}`;
    this.#last = seq;
    const sent = Number(/"actor":"([\d.]+)"/.exec(text)?.[1]);
    this.late.push(performance.timeOrigin + performance.now() - sent);
  }

  async all(): Promise<void> {
    while (this.#last < order.events) await once(this.client?.socket ?? process, "data");
  }
}

interface Run {
  /** What the events added to the server's memory at most, in MiB. */
  memory: number;
  p50: number;
  p99: number;
}

async function run(slow: number, flags: string[] = []): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), "cairn-slow-"));
  const child = fork(program, [join(folder, "cairn.db"), ...flags], { execArgv: ["--expose-gc"] });
  const sockets: ByteClient[] = [];
  try {
    const { port = 0, session_id } = await told(child);
    const open = async (): Promise<Reader> => {
      const reader = new Reader();
      const request = { id: "1", method: "subscribe", params: { session_id } };
      reader.client = await ByteClient.open(port, [request], (payload) => reader.take(payload));
      sockets.push(reader.client);
      return reader;
    };
    const readers: Reader[] = [];
    while (readers.length < healthy) readers.push(await open());
    const stopped: Reader[] = [];
    while (stopped.length < slow) stopped.push(await open());
    for (const { client } of stopped) client?.socket.pause();
    child.send(order);
    const { before = 0, most = 0 } = await told(child);
    const memory = (most - before) / mib;
    if (memory * mib > order.atMost) return { memory, p50: NaN, p99: NaN };
    await Promise.all(readers.map(async (reader) => await reader.all()));
    // A few of those that stopped go on: what they missed comes, in order.
    const late = stopped.slice(0, flags.length === 0 ? 3 : 0);
    for (const { client } of late) client?.socket.resume();
    await Promise.all(late.map(async (reader) => await reader.all()));
    for (const { wrong } of [...readers, ...late]) expect(wrong).toBeNull();
    const sorted = readers.flatMap((reader) => reader.late).toSorted((a, b) => a - b);
    expect(sorted).toHaveLength(healthy * order.events);
    const part = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
    return { memory, p50: part(0.5), p99: part(0.99) };
  } finally {
    for (const { socket } of sockets) socket.destroy();
    child.disconnect();
    await once(child, "exit");
    await rm(folder, { recursive: true, force: true });
  }
}

const show = ({ memory, p50, p99 }: Run): string =>
  `+${memory.toFixed(0)} MiB, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;

test("100 clients that stop reading cost the server no memory and the others little [SLO5]", async () => {
  const without = await run(0);
  const bounded = await run(100);
  const unbounded = await run(100, ["--unbounded"]);
  console.log(`without: ${show(without)}
100 that stop reading: ${show(bounded)}
100, and the sender unbounded: ${show(unbounded)}`);
  expect(bounded.memory - without.memory).toBeLessThan(100);
  // The figure is 2x; a busy machine only must not be taken for a server that waits for the slow.
  expect(bounded.p99).toBeLessThan(10 * without.p99 + 500);
  // The test sees what it is there to see.
  expect(unbounded.memory - without.memory).toBeGreaterThan(100);
}, 180_000);
