// Clients of every kind on links that the scheduler flushes, delays and cuts, over a server that
// restarts and a store that answers late, while events are committed. In the end the state of each
// client must be that of the log. The same seed does the same again.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import type { Store } from "../storage/store.ts";
import type { Actor, Stage } from "./actor.ts";
import { BaseClient } from "./base-client.ts";
import { Consumer } from "./consumer.ts";
import { commitAny, openSession } from "./commits.ts";
import { plants } from "./faults.ts";
import type { FaultName, Faults } from "./faults.ts";
import type { Link } from "./link.ts";
import { Breach } from "./follow.ts";
import { LogModel } from "./log-model.ts";
import { OwnClient } from "./own-client.ts";
import { OwnConsumer } from "./own-consumer.ts";
import { Random } from "./random.ts";
import { SimServer } from "./sim-server.ts";
import { VirtualTime } from "./virtual-time.ts";
import { Watcher } from "./watcher.ts";

type Kind = new (name: string, stage: Stage) => Actor;

const everyKind: readonly Kind[] = [
  OwnClient,
  OwnClient,
  OwnClient,
  OwnConsumer,
  OwnConsumer,
  BaseClient,
  BaseClient,
  Watcher,
  Watcher,
  Watcher,
  Consumer,
  Consumer,
  Consumer,
];

interface Options {
  seed: number;
  /** It ends once so many connections have been cut. */
  disconnects: number;
  kinds?: readonly Kind[];
  /** Planted into the server. */
  fault?: FaultName;
}

export interface Outcome {
  seed: number;
  disconnects: number;
  restarts: number;
  commits: number;
  delivered: number;
  /** How often a client was told to load afresh. */
  resyncs: number;
  /** Why the rules were broken; null when they were not. */
  broken: string | null;
}

/** Nothing here is about power cuts, and syncing takes most of the time on a disk. */
const inMemory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** 100 events a subscription [SLO1], what the kernel took, and a batch that has come in part. */
const heldAtMost = 100 + 110 + 100;

/** How long clients may take to be even with the log once all is well again. */
const calmMs = 180_000;

class Simulation {
  readonly #random: Random;
  readonly #options: Options;
  readonly #time = new VirtualTime();
  readonly #log = new LogModel();
  readonly #actors: Actor[] = [];
  readonly #links = new Set<Link>();
  readonly #file: string;
  readonly #trace: string[] = [];
  readonly #faults: Faults;
  #store: Store;
  #server: SimServer | null = null;
  #broken: string | null = null;
  readonly #sums = { disconnects: 0, restarts: 0, commits: 0, delivered: 0, resyncs: 0 };

  constructor(options: Options, store: Store, file: string) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#store = store;
    this.#file = file;
    const { fault } = options;
    this.#faults = fault === undefined ? {} : plants[fault](this.#random.fork());
  }

  async run(): Promise<Outcome> {
    const restore = this.#time.install();
    try {
      await this.#setUp();
      await this.#storm();
      if (this.#broken === null) await this.#calm();
    } catch (error) {
      this.#breach("simulation", error);
    } finally {
      for (const actor of this.#actors) actor.stop();
      this.#server?.end("killed");
      restore();
      await this.#store.close();
    }
    return { seed: this.#options.seed, ...this.#sums, broken: this.#broken };
  }

  #breach(who: string, error: unknown): void {
    const what = error instanceof Breach ? error.message : ((error as Error).stack ?? "");
    this.#broken ??= `${who}: ${what}\n${this.#trace.slice(-40).join("\n")}`;
  }

  #note(line: string): void {
    this.#trace.push(`${this.#time.ms.toFixed(0)} ${line}`);
    if (this.#trace.length > 200) this.#trace.splice(0, 100);
  }

  async #setUp(): Promise<void> {
    const random = this.#random;
    for (const name of ["one", "two", "three"]) {
      await openSession(this.#store, this.#log, random, name);
    }
    this.#start();
    const kinds = this.#options.kinds ?? everyKind;
    for (const [at, Kind] of kinds.entries()) {
      const name = `${Kind.name} ${at}`;
      const stage: Stage = {
        log: this.#log,
        random: random.fork(),
        dial: (client) => {
          const link = this.#server?.accept(client) ?? null;
          if (link !== null) this.#links.add(link);
          return link;
        },
        breach: (error) => this.#breach(name, error),
        counted: () => (this.#sums.delivered += 1),
        resynced: () => (this.#sums.resyncs += 1),
      };
      this.#actors.push(new Kind(name, stage));
    }
    for (const actor of this.#actors) actor.start();
  }

  #start(): void {
    const server = { store: this.#store, random: this.#random.fork(), faults: this.#faults };
    this.#server = new SimServer(server);
  }

  async #settle(): Promise<void> {
    // Promises and ticks have run by then; a slice of work that waits for this turn gets its own.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #storm(): Promise<void> {
    const { disconnects } = this.#options;
    while (this.#sums.disconnects < disconnects && this.#broken === null) {
      await this.#step();
      await this.#settle();
      for (const link of this.#links) {
        if (link.over) this.#links.delete(link);
        else if (link.heldEvents > heldAtMost) {
          throw new Breach(`${link.heldEvents} events are held for a client that does not read`);
        }
      }
    }
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const links = [...this.#links];
    const act = random.weighted<() => Promise<void> | void>([
      [12, () => this.#commit()],
      [30, () => this.#flush(links)],
      [8, () => this.#server?.gates.release()],
      [10, () => this.#pass(random.between(1, 400))],
      [0.6, () => this.#pass(random.between(1_000, 40_000))],
      [3, () => random.pick(this.#actors).step()],
      [2, () => this.#cut(links)],
      [1, () => this.#slow(links)],
      [0.15, () => this.#restart()],
      [0.3, () => this.#trim()],
    ]);
    await act();
  }

  async #commit(): Promise<void> {
    const random = this.#random;
    const session_id = random.pick(this.#log.sessions);
    const count = random.weighted([
      [10, 1],
      [2, 3],
      [0.3, 40],
      [0.2, 400],
    ]);
    for (let made = 0; made < count; made += 1) {
      const { seq } = await commitAny(this.#store, this.#log, random, session_id);
      this.#sums.commits += 1;
      const hints = random.weighted([
        [8, 1],
        [1, 0],
        [1, 2],
      ]);
      for (let hint = 0; hint < hints; hint += 1) this.#server?.bus.publish({ session_id, seq });
    }
    this.#note(`commits up to ${this.#log.head(session_id)}`);
  }

  #flush(links: Link[]): void {
    if (links.length === 0) return;
    const random = this.#random;
    for (const link of random.some(links, 0.5)) {
      const bytes = (): number => random.pick([0, 1, 100, 2_000, Infinity, Infinity]);
      link.flushToServer(bytes());
      if (!link.slow) link.flushToClient(bytes());
    }
  }

  async #pass(ms: number): Promise<void> {
    await this.#time.advance(ms, () => this.#settle());
  }

  #cut(links: Link[]): void {
    if (links.length === 0) return;
    const random = this.#random;
    const link = random.pick(links);
    this.#sums.disconnects += 1;
    this.#note("cuts a connection");
    random.pick([
      () => {
        link.cutClient();
        link.cutServer();
      },
      () => link.cutClient(),
      () => link.cutClient(true),
      () => link.cutServer(),
      () => link.cutServer(true),
    ])();
  }

  #slow(links: Link[]): void {
    if (links.length > 0) this.#random.pick(links).slow = this.#random.chance(0.7);
  }

  async #restart(): Promise<void> {
    const random = this.#random;
    this.#sums.restarts += 1;
    this.#sums.disconnects += this.#links.size;
    this.#note("restarts the server");
    const how = random.pick(["stopped", "killed"] as const);
    if (how === "stopped") {
      this.#server?.drain();
      for (let turns = random.below(5); turns > 0; turns -= 1) {
        this.#flush([...this.#links]);
        await this.#pass(random.between(1, 100));
      }
    }
    this.#server?.end(how);
    this.#server = null;
    await this.#settle();
    if (random.chance(0.3)) {
      await this.#store.close();
      this.#store = await openSqliteStore({ file: this.#file });
    }
    await this.#pass(random.between(0, 3_000));
    this.#start();
  }

  async #trim(): Promise<void> {
    const session_id = this.#random.pick(this.#log.sessions);
    const keep = this.#random.pick([1, 20, 200]);
    const bound = { keep, before: "2000-01-01T00:00:00.000Z", limit: 10_000 };
    const oldest = await this.#store.transact((tx) => tx.trimLog(session_id, bound));
    this.#log.trimmed(session_id, oldest);
    this.#note(`trims to ${oldest}`);
  }

  /** Lets everything through until nobody has anything more to say. */
  async #flushAll(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet += 1) {
      for (const link of this.#links) {
        link.slow = false;
        if (link.pending) quiet = 0;
        link.flushToServer(Infinity);
        link.flushToClient(Infinity);
      }
      await this.#settle();
    }
  }

  /** All is well from now on: everyone must become even with the log. */
  async #calm(): Promise<void> {
    this.#note("calm");
    this.#server?.gates.calm();
    for (const actor of this.#actors) actor.calm?.();
    const end = this.#time.ms + calmMs;
    while (this.#broken === null) {
      await this.#flushAll();
      const lacks = this.#actors.flatMap((actor) => {
        const lack = actor.lacking();
        return lack === null ? [] : [`${actor.name} ${lack}`];
      });
      if (lacks.length === 0) return;
      if (this.#time.ms > end) throw new Breach(`not even in the end: ${lacks.join("; ")}`);
      await this.#pass(100);
    }
  }
}

export async function simulate(options: Options): Promise<Outcome> {
  const folder = await mkdtemp(join(inMemory, "cairn-simulation-"));
  const file = join(folder, "cairn.db");
  try {
    const store = await openSqliteStore({ file });
    return await new Simulation(options, store, file).run();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
