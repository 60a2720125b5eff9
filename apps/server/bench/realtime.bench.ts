// What delivering costs, beside plain `ws` that broadcasts one prepared buffer, socket.io rooms, and
// the design that Cairn replaced (a 10 ms polling loop per connection). Each server is a process of
// its own with its clients in another; the rounds of all are interleaved, so that a busy moment of
// the machine falls on all of them. `cpu` is processor time of the server alone.
//   --large      5,000 clients too: memory of a connection, idle, how long the loop is held
//   --rounds N   (default 3)   --seconds N   of each steady round (default 3)
//   --only a,b   parts: fanout, burst, flood, path, replay, large
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { EngineName } from "./realtime-engines.ts";
import type { Acks } from "./realtime-load.ts";
import type { PathOrder, Times } from "./realtime-path.ts";
import { printTable, quantile, ratio, row, shown, spreadOf } from "./realtime-report.ts";
import type { Measured, ServeOrder, Task } from "./realtime-serve.ts";
import type { Arrivals, WitnessOrder } from "./realtime-witness.ts";

const { values } = parseArgs({
  options: {
    large: { type: "boolean" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    only: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? 3);
const seconds = Number(values.seconds ?? 3);
const parts = ["fanout", "burst", "flood", "path", "replay", "large"] as const;
type Part = (typeof parts)[number];
const chosen = new Set(values.only?.split(",") ?? parts);
if (values.large !== true && values.only === undefined) chosen.delete("large");

async function said<T>(child: ChildProcess): Promise<T> {
  const [message] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error("a process of the bench ended"))),
  ])) as [T];
  return message;
}

function start(name: string): ChildProcess {
  return fork(join(import.meta.dirname, `realtime-${name}.ts`), {
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

/** One server and its clients. */
class Contender {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #measured: Measured[] = [];

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
  }

  static async start(name: string, order: ServeOrder, fill = 0): Promise<Contender> {
    const child = start("serve");
    child.send(order);
    await said(child);
    if (fill > 0) child.send({ fill });
    return new Contender(name, child);
  }

  async run(task: Task, keep = true): Promise<Measured> {
    this.#child.send(task);
    const measured = await said<Measured>(this.#child);
    if (keep) this.#measured.push(measured);
    return measured;
  }

  figures(of: (measured: Measured) => number): number[] {
    return this.#measured.map(of);
  }

  /** Processor time of one delivered event, in µs, round by round. */
  get cpu(): number[] {
    return this.figures(({ cpu, delivered }) => cpu / delivered);
  }

  end(): void {
    this.#child.disconnect();
  }
}

interface Entry {
  name: string;
  engine: EngineName;
  acks?: Acks;
}

/** The same task for all, in turns; none is always first. */
async function interleaved(entries: readonly Entry[], clients: number, task: Task) {
  const contenders: Contender[] = [];
  for (const { name, engine, acks = "none" } of entries) {
    contenders.push(await Contender.start(name, { engine, clients, acks }));
  }
  const warm: Task = task.task === "steady" ? { ...task, seconds: 1 } : task;
  for (const contender of contenders) await contender.run(warm, false);
  for (let round = 0; round < rounds; round += 1) {
    const turn = contenders.map((_one, at) => contenders[(at + round) % contenders.length]);
    for (const contender of turn) await contender?.run(task);
  }
  for (const contender of contenders) contender.end();
  return (name: string): Contender => {
    const found = contenders.find((contender) => contender.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
}

let single: number[] = [];

async function fanout(): Promise<void> {
  const task: Task = { task: "steady", perSecond: 40, burst: 1, seconds };
  const entries: Entry[] = [
    { name: "cairn", engine: "cairn" },
    { name: "ws", engine: "ws" },
    { name: "socket.io", engine: "socket.io" },
    { name: "polling", engine: "polling" },
    { name: "ack", engine: "cairn", acks: "half" },
    { name: "ack soon", engine: "cairn", acks: "soon" },
  ];
  const of = await interleaved(entries, 500, task);
  const cairn = of("cairn").cpu;
  single = cairn;
  const what = "500 clients × 40 events/s, cpu an event";
  for (const { name } of entries) row(`${what}, ${name}`, `${shown(spreadOf(of(name).cpu))} µs`);
  row(`${what}, against ws`, `${shown(ratio(cairn, of("ws").cpu))}x`, "≤ 1.0x");
  row(`${what}, against socket.io`, `${shown(ratio(cairn, of("socket.io").cpu))}x`, "≤ 0.75x");
  row(
    `${what}, against polling`,
    `${shown(ratio(cairn, of("polling").cpu))}x`,
    "polling was 1.4x ws",
  );
  row("ack at half a window, against none", `${shown(ratio(of("ack").cpu, cairn))}x`, "≤ 1.25x");
  row("ack 50 ms after each event, against none", `${shown(ratio(of("ack soon").cpu, cairn))}x`);
}

async function burst(): Promise<void> {
  const task: Task = { task: "steady", perSecond: 40, burst: 10, seconds };
  const entries: Entry[] = [
    { name: "cairn", engine: "cairn" },
    { name: "ws", engine: "ws" },
    { name: "socket.io", engine: "socket.io" },
  ];
  const of = await interleaved(entries, 500, task);
  const what = "bursts of ten to 500 clients, cpu an event";
  for (const { name } of entries) row(`${what}, ${name}`, `${shown(spreadOf(of(name).cpu))} µs`);
  for (const other of ["ws", "socket.io"]) {
    row(`${what}, against ${other}`, `${shown(ratio(of("cairn").cpu, of(other).cpu))}x`, "≤ 0.20x");
  }
}

async function flood(): Promise<void> {
  const entries: Entry[] = [
    { name: "cairn", engine: "cairn" },
    { name: "ws", engine: "ws" },
    { name: "socket.io", engine: "socket.io" },
  ];
  for (const clients of [100, 1_000]) {
    const events = Math.round(200_000 / clients / 40) * 40;
    const of = await interleaved(entries, clients, { task: "flood", events, burst: 40 });
    const goal = clients === 1_000 ? "≥ 1000k/s" : "";
    for (const { name } of entries) {
      const perSecond = of(name).figures(({ delivered, wall }) => delivered / wall);
      const own = name === "cairn" ? goal : "";
      row(`deliveries at ${clients} clients, ${name}`, `${shown(spreadOf(perSecond), 0)}k/s`, own);
      const ofServer = of(name).figures(({ delivered, cpu }) => (delivered / cpu) * 1000);
      row(`the same a second of its processor, ${name}`, `${shown(spreadOf(ofServer), 0)}k`);
    }
  }
}

async function path(): Promise<void> {
  const server = start("path");
  const told = await said<{ port: number; session_id: string }>(server);
  const witness = start("witness");
  witness.send({ ...told, clients: 100 } satisfies WitnessOrder);
  await said(witness);
  const figures = { commit50: [], commit99: [], call50: [], call99: [] } as Record<
    string,
    number[]
  >;
  for (let round = -1; round < rounds; round += 1) {
    const events = round < 0 ? 200 : 200 * seconds;
    server.send({ events, perSecond: 200 } satisfies PathOrder);
    const times = await said<Times>(server);
    await pause(300);
    witness.send("tell");
    const { seqs, at } = await said<Arrivals>(witness);
    if (seqs.length !== events * 100) throw new Error(`${seqs.length} came of ${events * 100}`);
    if (round < 0) continue;
    for (const since of ["committed", "asked"] as const) {
      const late = seqs.map((seq, n) => (at[n] ?? 0) - (times[seq]?.[since] ?? 0));
      const sorted = late.toSorted((a, b) => a - b);
      const name = since === "committed" ? "commit" : "call";
      figures[`${name}50`]?.push(quantile(sorted, 0.5));
      figures[`${name}99`]?.push(quantile(sorted, 0.99));
    }
  }
  server.disconnect();
  witness.disconnect();
  const what = "whole path, 100 clients × 200/s";
  const ms = (name: string): string => `${shown(spreadOf(figures[name] ?? []))} ms`;
  row(`${what}: commit to receive, p50`, ms("commit50"), "≤ 2 ms");
  row(`${what}: commit to receive, p99`, ms("commit99"), "≤ 10 ms");
  row(`${what}: call to receive, p50`, ms("call50"));
  row(`${what}: call to receive, p99`, ms("call99"));
}

async function replay(): Promise<void> {
  const events = 300;
  const order: ServeOrder = {
    engine: "cairn",
    clients: 500,
    acks: "none",
    since: { last: events },
  };
  const contender = await Contender.start("replay", order, events);
  // The next one replaces the one before.
  for (let round = -1; round < rounds; round += 1) {
    await contender.run({ task: "replay", events }, round >= 0);
  }
  contender.end();
  const costs = contender.cpu;
  const what = `replay of ${events} events to 500 clients`;
  row(`${what}, cpu an event`, `${shown(spreadOf(costs), 3)} µs`);
  if (single.length > 0)
    row(`${what}, cheaper than one by one`, `${shown(ratio(single, costs), 1)}x`, "≥ 10x");
}

async function large(): Promise<void> {
  const clients = 5_000;
  for (const engine of ["cairn", "ws", "socket.io", "polling"] as const) {
    const contender = await Contender.start(engine, { engine, clients, acks: "none" });
    // Long enough for a ping to each.
    const idle = await contender.run({ task: "idle", seconds: 26 }, false);
    await contender.run({ task: "steady", perSecond: 10, burst: 1, seconds: 1 }, false);
    for (let round = 0; round < rounds; round += 1) {
      await contender.run({ task: "steady", perSecond: 10, burst: 1, seconds, delays: true });
    }
    contender.end();
    const what = `${clients} clients, ${engine}`;
    const own = (goal: string): string => (engine === "cairn" ? goal : "");
    row(
      `${what}: memory a connection`,
      `${(idle.perConnection / 1024).toFixed(1)} KiB`,
      own("≤ 16 KB"),
    );
    row(
      `${what}: idle`,
      `${((idle.cpu / idle.wall / 1000) * 100).toFixed(2)} % of a core`,
      own("≤ 1 %"),
    );
    const delays = contender.figures(({ delay }) => delay);
    row(`${what}: loop held at 10 events/s, p99`, `${shown(spreadOf(delays))} ms`, own("≤ 5 ms"));
    row(`${what}: cpu an event`, `${shown(spreadOf(contender.cpu))} µs`);
  }
}

const runs: Record<Part, () => Promise<void>> = { fanout, burst, flood, path, replay, large };
const [cpu] = cpus();
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpu?.model ?? "?"}, Node ${process.version}`,
);
for (const part of parts) if (chosen.has(part)) await runs[part]();
printTable();
