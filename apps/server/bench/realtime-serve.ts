// One server under measurement, and the process of its clients below it.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { startEngine } from "./realtime-engines.ts";
import type { Engine, EngineName } from "./realtime-engines.ts";
import type { Acks, Command, LoadOrder } from "./realtime-load.ts";

export interface ServeOrder {
  engine: EngineName;
  clients: number;
  acks: Acks;
  since?: object;
}

export type Task =
  /** Events at a steady pace, `burst` at a time. */
  | { task: "steady"; perSecond: number; burst: number; seconds: number; delays?: boolean }
  /** As many as can be delivered. */
  | { task: "flood"; events: number; burst: number }
  /** Everyone subscribes at once by `since`, to a log of so many events. */
  | { task: "replay"; events: number }
  | { task: "idle"; seconds: number };

export interface Measured {
  /** Events handed to clients. */
  delivered: number;
  /** Processor time of the server, in µs. */
  cpu: number;
  /** In ms. */
  wall: number;
  /** How late the loop was beyond its usual, p99 in ms. */
  delay: number;
  /** Resident, in bytes: of each connection, when they were opened. */
  perConnection: number;
}

/** What the process keeps once the garbage of opening is gone and its pages are given back. */
function residentBytes(): number {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  return process.memoryUsage.rss();
}

class Bench {
  readonly #engine: Engine;
  readonly #load: ChildProcess;
  readonly #order: ServeOrder;
  readonly #perConnection: number;
  #received = 0;
  #changed = (): void => undefined;

  constructor(order: ServeOrder, engine: Engine, load: ChildProcess, perConnection: number) {
    this.#order = order;
    this.#engine = engine;
    this.#load = load;
    this.#perConnection = perConnection;
    load.on("message", (message: { received?: number }) => {
      if (message.received === undefined || message.received === this.#received) return;
      this.#received = message.received;
      this.#changed();
    });
  }

  static async start(order: ServeOrder): Promise<Bench> {
    const engine = await startEngine(order.engine);
    const load = fork(join(import.meta.dirname, "realtime-load.ts"));
    load.on("exit", () => process.exit(1));
    const before = residentBytes();
    load.send({ ...order, port: engine.port } satisfies LoadOrder);
    await once(load, "message");
    await pause(100);
    const perConnection = (residentBytes() - before) / order.clients;
    return new Bench(order, engine, load, perConnection);
  }

  #tell(command: Command): void {
    this.#load.send(command);
  }

  /** Resolves once so many have come, as far as the load has told. */
  async #until(received: number): Promise<void> {
    while (this.#received < received) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async #count(): Promise<number> {
    this.#tell("count");
    const [{ received }] = (await once(this.#load, "message")) as [{ received: number }];
    return received;
  }

  async run(task: Task): Promise<Measured> {
    const { clients } = this.#order;
    this.#engine.awake(true);
    const before = await this.#count();
    const delays = monitorEventLoopDelay({ resolution: 1 });
    // It takes a fiftieth of a core by itself, which would be counted as the server's.
    if (task.task === "steady" && task.delays === true) delays.enable();
    const cpu = process.cpuUsage();
    const began = performance.now();
    const events = await this.#work(task, before);
    const { user, system } = process.cpuUsage(cpu);
    const wall = performance.now() - began;
    delays.disable();
    // What was delivered, not what was meant to be.
    for (let tries = 0; (await this.#count()) < before + events * clients; tries += 1) {
      if (tries > 500) throw new Error(`${this.#order.engine} delivered too little`);
      await pause(10);
    }
    this.#engine.awake(false);
    const delivered = (await this.#count()) - before;
    if (delivered > events * clients) throw new Error(`${this.#order.engine} delivered too much`);
    const delay = Math.max(0, delays.percentile(99) / 1e6 - 1);
    const perConnection = this.#perConnection;
    return { delivered, cpu: user + system, wall, delay, perConnection };
  }

  async #work(task: Task, before: number): Promise<number> {
    const { clients } = this.#order;
    switch (task.task) {
      case "steady": {
        const { perSecond, burst, seconds } = task;
        const rounds = Math.round((perSecond * seconds) / burst);
        const began = performance.now();
        for (let round = 0; round < rounds; round += 1) {
          this.#engine.publish(burst);
          const due = ((round + 1) * burst * 1000) / perSecond;
          await pause(Math.max(0, due - (performance.now() - began)));
        }
        await pause(50);
        return rounds * burst;
      }
      case "flood": {
        const { events, burst } = task;
        this.#tell("report");
        for (let sent = 0; sent < events; sent += burst) {
          // Some are under way at most: clients that cannot follow are another subject.
          await this.#until(before + (sent - 3 * burst) * clients);
          this.#engine.publish(burst);
        }
        await this.#until(before + events * clients);
        this.#tell("stop");
        return events;
      }
      case "replay":
        this.#tell("report");
        this.#tell("subscribe");
        await this.#until(before + task.events * clients);
        this.#tell("stop");
        return task.events;
      case "idle":
        await pause(task.seconds * 1000);
        return 0;
    }
  }

  /** Fills the log before anybody watches. */
  fill(events: number): void {
    this.#engine.publish(events);
  }
}

let bench: Bench | null = null;

async function obey(message: ServeOrder | Task | { fill: number }): Promise<void> {
  if ("engine" in message) {
    bench = await Bench.start(message);
    process.send?.({ ready: true });
  } else if ("fill" in message) bench?.fill(message.fill);
  else process.send?.(await bench?.run(message));
}

process.on("message", (message: ServeOrder | Task) => void obey(message));
process.on("disconnect", () => process.exit(0));
