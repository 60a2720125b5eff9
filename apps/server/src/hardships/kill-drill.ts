import { existsSync, rmSync } from "node:fs";
import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { leaksOf } from "@cairn/runner/testing/store-leaks";
import { listTree } from "@cairn/runner/testing/tree";
import { ProtocolError } from "@cairn/shared/errors";
import type { Random } from "../simulation/random.ts";
import { callOver } from "../testing/call.ts";
import { SpawnedServer } from "../testing/spawn-server.ts";
import type { Kind } from "./attempt.ts";
import { EditedFolder } from "./edited-folder.ts";
import type { Call } from "./facts.ts";
import { trap, trapAtStart } from "./syscall-trap.ts";
import { Broken, Track } from "./track.ts";

const program = join(import.meta.dirname, "../testing/crashing-server.ts");

/** How long the calls took so far, in ms: kills are aimed at their middle. */
const usual = new Map<Kind, number>();

export interface Tally {
  kills: number;
  /** Of those, at a system call. */
  atSyscalls: number;
  /** Calls that were cut, by kind, and starts that were. */
  cut: Record<string, number>;
  answered: number;
  readBack: number;
  broken: string | null;
}

interface Options {
  random: Random;
  kills: number;
  /** Part of the kills that strace makes at a system call. */
  syscallShare: number;
  /** How many checkpoints are read back after each start, and at the end. */
  sample: number;
  finally: number;
}

/** One data folder and two sessions, killed and started again so many times. */
export async function killDrill(options: Options): Promise<Tally> {
  const tally: Tally = {
    kills: 0,
    atSyscalls: 0,
    cut: {},
    answered: 0,
    readBack: 0,
    broken: null,
  };
  const root = await realpath(await mkdtemp(join(tmpdir(), "cairn-kills-")));
  const drill = new Drill(root, options, tally);
  try {
    await drill.run();
  } catch (error) {
    tally.broken = error instanceof Broken ? error.message : String((error as Error).stack);
  } finally {
    await drill.server?.kill();
    if (tally.broken === null || process.env["CAIRN_KEEP"] === undefined) {
      await rm(root, { recursive: true, force: true });
    } else console.log(`kept ${root}`);
  }
  return tally;
}

class Drill {
  readonly #root: string;
  readonly #options: Options;
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #tracks: Track[] = [];
  server: SpawnedServer | null = null;
  #dead = false;
  #trapped = false;
  #copying: Track | null = null;

  constructor(root: string, options: Options, tally: Tally) {
    this.#root = root;
    this.#options = options;
    this.#random = options.random;
    this.#tally = tally;
  }

  get #dataDir(): string {
    return join(this.#root, "data");
  }

  async run(): Promise<void> {
    const { kills, sample } = this.#options;
    await this.#plant();
    while (this.#tally.kills < kills) {
      this.#trapped = this.#random.chance(this.#options.syscallShare);
      const fromTheStart = this.#trapped && this.#random.chance(0.2);
      const call = await this.#start(fromTheStart ? trapAtStart(this.#random) : []);
      if (call === null) continue;
      if (this.#trapped && !fromTheStart && this.#random.chance(0.2)) await this.#trap();
      await this.#verify(call, sample);
      if (this.#dead) continue;
      if (this.#trapped && !fromTheStart) await this.#trap();
      await this.#workUntilKilled(call);
    }
    this.#trapped = false;
    const call = await this.#start([]);
    if (call === null) throw new Broken("the server died of itself");
    await this.#verify(call, this.#options.finally);
    await call("collect", {});
    this.#requireNoLeaks(true);
    for (const track of this.#tracks) await track.resume(call);
    const { invalid, problems } = await call("validate", { deep: true });
    if (invalid > 0) throw new Broken(`validate: ${JSON.stringify(problems)}`);
    if ((await this.server?.end()) !== 0) throw new Broken(`no clean end: ${this.server?.stderr}`);
  }

  async #plant(): Promise<void> {
    const call = await this.#start([]);
    if (call === null) throw new Broken("the server does not start");
    for (const name of ["one", "two"]) {
      const folder = new EditedFolder(join(this.#root, name), this.#random.fork());
      const { session_id } = await call("create_session", { workspace: folder.path });
      this.#tracks.push(new Track(session_id, folder, this.#random.fork()));
    }
    await this.server?.end();
  }

  async #trap(): Promise<void> {
    const pid = this.server?.ready.pid;
    if (pid !== undefined) await trap(pid, this.#random);
  }

  /** Null when the trap ended it before it was ready. */
  async #start(through: string[]): Promise<Call | null> {
    const server = new SpawnedServer({ dataDir: this.#dataDir, program, through });
    this.server = server;
    this.#dead = false;
    try {
      await server.start();
    } catch (error) {
      if (through.length > 0 && String(error).includes("SIGKILL")) {
        this.#count("start");
        this.#tally.atSyscalls += 1;
        return null;
      }
      throw new Broken(`it does not start: ${String(error)}`, { cause: error });
    }
    const { url } = server;
    const token = (await readFile(join(this.#dataDir, "token"), "utf8")).trim();
    return (method, params) => callOver({ url, token }, method, params);
  }

  #count(what: string): void {
    this.#tally.kills += 1;
    this.#tally.cut[what] = (this.#tally.cut[what] ?? 0) + 1;
  }

  /** Everything acknowledged is there and reads back; of what was cut all or nothing; no leaks. */
  async #verify(call: Call, sample: number): Promise<void> {
    const copy = join(this.#root, "copy");
    try {
      this.#requireWholeCopy(copy);
      for (const track of this.#tracks) await track.resume(call);
      this.#requireNoLeaks(false);
      for (const track of this.#tracks) {
        this.#copying = track;
        this.#tally.readBack += await track.readBack(call, copy, sample);
      }
      this.#copying = null;
    } catch (error) {
      if (error instanceof Broken || error instanceof ProtocolError) throw error;
      await this.#requireTrap(error);
    }
  }

  #requireNoLeaks(collected: boolean): void {
    const kept = this.#tracks.flatMap((track) => track.kept);
    const staged = this.#tracks.flatMap((track) => track.folder.staged());
    const leaks = [...leaksOf(this.#dataDir, kept, collected), ...staged];
    if (leaks.length > 0) throw new Broken(`left behind: ${leaks.join(", ")}`);
  }

  /** A copy that was cut is taken back, or there as a whole. */
  #requireWholeCopy(copy: string): void {
    const track = this.#copying;
    this.#copying = null;
    if (track === null || !existsSync(copy)) return;
    const found = listTree(copy).slice(1).join("\n");
    const isWhole = [...track.trees.values()].some((tree) => tree.join("\n") === found);
    if (!isWhole) throw new Broken(`a copy that was cut is\n${found}`);
    rmSync(copy, { recursive: true, force: true });
  }

  /** A call failed: by the trap, or the server died of itself. */
  async #requireTrap(error: unknown): Promise<void> {
    const ended = await this.server?.end();
    if (ended !== "SIGKILL" || !this.#trapped) {
      const log = this.server?.stderr.slice(-2000);
      throw new Broken(`${String((error as Error).stack)}\nended by ${ended}: ${log}`);
    }
    if (this.#dead) return;
    this.#dead = true;
    this.#count("look");
    this.#tally.atSyscalls += 1;
  }

  async #workUntilKilled(call: Call): Promise<void> {
    // Where the trap does not spring in so many calls, it is a plain kill after all.
    let left = this.#trapped ? 20 : this.#random.between(1, 5);
    const killing: Promise<void>[] = [];
    const kill = async (after: number): Promise<void> => {
      await setTimeout(after);
      await this.server?.kill();
      this.#dead = true;
    };
    const started = (kind: Kind): void => {
      left -= 1;
      if (left > 0 || killing.length > 0) return;
      killing.push(kill(this.#random.next() * 1.2 * (usual.get(kind) ?? 40)));
    };
    const busy = this.#tracks.map(async (track) => {
      for (;;) {
        const before = performance.now();
        let kind: Kind | null = null;
        const answered = await track.step(call, (what) => {
          kind = what;
          started(what);
        });
        if (!answered) return;
        this.#tally.answered += 1;
        if (kind === null) continue;
        const took = performance.now() - before;
        usual.set(kind, 0.8 * (usual.get(kind) ?? took) + 0.2 * took);
      }
    });
    const ends = await Promise.allSettled(busy);
    await Promise.all(killing);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const ended = this.#dead ? "SIGKILL" : await this.server?.end();
    if (ended !== "SIGKILL") throw new Broken(`it ended with ${ended}: ${this.server?.stderr}`);
    const cut = this.#tracks.flatMap(({ cut }) => cut ?? []);
    this.#count(cut.toSorted().join("+") || "nothing");
    if (!this.#dead) this.#tally.atSyscalls += 1;
    this.#dead = true;
  }
}
