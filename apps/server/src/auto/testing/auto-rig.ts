import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import type { Params } from "@cairn/shared/methods";
import type { AutoState, Settings } from "@cairn/shared/session";
import type { Runner, WatchHint } from "@cairn/runner/runner";
import { startRunner } from "@cairn/runner/worker-runner";
import { LocalBus } from "../../bus/local.ts";
import { createService } from "../../checkpoints/create-service.ts";
import type { ServiceMessage } from "../../checkpoints/long-calls.ts";
import { openSqliteStore } from "../../storage/sqlite/sqlite-store.ts";
import { callService } from "../../testing/call-service.ts";
import type { Timers } from "../../realtime/timers.ts";
import { Auto } from "../auto.ts";

/** Time that stands still while real work is under way, and otherwise passes when a test says so. */
class PatientTimers implements Timers {
  #now = 0;
  readonly #due = new Map<() => void, number>();
  readonly #isAtWork: () => boolean;

  constructor(isAtWork: () => boolean) {
    this.#isAtWork = isAtWork;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const timer = (): void => work();
    this.#due.set(timer, this.#now + ms);
    return () => this.#due.delete(timer);
  }

  soon(work: () => void): () => void {
    return this.after(0, work);
  }

  async #idle(): Promise<void> {
    for (let turns = 0; turns < 20; turns += 1) {
      if (this.#isAtWork()) turns = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await this.#idle();
      const [first] = [...this.#due].toSorted(([, a], [, b]) => a - b);
      if (first === undefined || first[1] > end) break;
      const [timer, at] = first;
      this.#due.delete(timer);
      this.#now = Math.max(this.#now, at);
      timer();
    }
    this.#now = end;
  }

  /** As when the machine wakes up: all that fell due in between comes in one turn. */
  passAtOnce(ms: number): void {
    this.#now += ms;
    for (const [timer, at] of this.#due) {
      if (at > this.#now) continue;
      this.#due.delete(timer);
      timer();
    }
  }
}

interface Parts {
  store: Awaited<ReturnType<typeof openSqliteStore>>;
  runner: Runner;
  service: Awaited<ReturnType<typeof createService>>;
  auto: Auto;
  timers: PatientTimers;
}

/**
 * Real files, store, runner and service; time passes when the test says so. Hints come when it
 * says so too, unless the real watcher is asked for.
 */
export class AutoRig {
  readonly root: string;
  readonly said: ServiceMessage[] = [];
  readonly logged: string[] = [];
  /** The most captures that were at work at a time. */
  most = 0;
  /** Called before each `apply` of a restore, and before each capture. */
  beforeApply: () => Promise<void> | null = () => null;
  beforeCapture: (workspace: string) => Promise<void> | null = () => null;
  #calls = 0;
  #isHeld = false;
  #captures = 0;
  #folders = 0;
  readonly #isReal: boolean;
  readonly #hints = new Map<string, (hint: WatchHint) => void>();
  #parts: Parts | null = null;
  #last = 0;
  #wallMs = Date.parse("2026-01-31T12:00:00.000Z");

  private constructor(root: string, isReal: boolean) {
    this.root = root;
    this.#isReal = isReal;
  }

  static async start({ realWatcher = false } = {}): Promise<AutoRig> {
    const root = await realpath(await mkdtemp(join(tmpdir(), "cairn-auto-")));
    await mkdir(join(root, "data"), { mode: 0o700 });
    const rig = new AutoRig(root, realWatcher);
    await rig.#open();
    return rig;
  }

  async #open(): Promise<void> {
    const timers = new PatientTimers(() => this.#calls > 0 && !this.#isHeld);
    const dataDir = join(this.root, "data");
    const store = await openSqliteStore({ file: join(dataDir, "cairn.db") });
    const runner = await startRunner({ dataDir });
    const bus = new LocalBus();
    const note = (fields: object, message: string): void => {
      this.logged.push(`${message} ${JSON.stringify(fields)}`);
    };
    const log = { info: note, warn: note, error: note };
    const clock = (): number => this.#wallMs + timers.now();
    const around = this.#around(runner);
    const newId = (): string => crypto.randomUUID();
    const service = await createService({
      store,
      bus,
      runner: around,
      dataDir,
      clock,
      newId,
      log,
      api: () => null,
    });
    service.onProgress((message) => this.said.push(message));
    const auto = new Auto({
      store,
      bus,
      runner: around,
      service,
      timers,
      clock,
      log,
      random: () => 0.5,
    });
    await auto.start();
    this.#parts = { store, runner, service, auto, timers };
  }

  /** The runner, with its calls counted: time stands still meanwhile, unless something is held. */
  #around(runner: Runner): Runner {
    const call = async (
      name: string,
      workspace: string,
      work: () => Promise<unknown>,
    ): Promise<unknown> => {
      const isCapture = name === "capture";
      this.#calls += 1;
      if (isCapture) this.#captures += 1;
      this.most = Math.max(this.most, this.#captures);
      try {
        if (name === "apply") await this.#hold(this.beforeApply());
        if (isCapture) await this.#hold(this.beforeCapture(workspace));
        return await work();
      } finally {
        this.#calls -= 1;
        if (isCapture) this.#captures -= 1;
      }
    };
    return new Proxy(runner, {
      get: (target, name) => {
        const own = target[name as keyof Runner] as (...args: unknown[]) => Promise<unknown>;
        if (name === "watch" && !this.#isReal) return this.#watch.bind(this);
        return (...args: unknown[]) => {
          const { workspace = "" } = (args[0] ?? {}) as { workspace?: string };
          return call(String(name), workspace, () => own.apply(target, args));
        };
      },
    });
  }

  /** Time passes while something that a test holds up waits. */
  async #hold(held: Promise<void> | null): Promise<void> {
    if (held === null) return;
    this.#isHeld = true;
    await held;
    this.#isHeld = false;
  }

  async #watch({ workspace }: { workspace: string }, onHint: (hint: WatchHint) => void) {
    this.#hints.set(workspace, onHint);
    setImmediate(() => onHint({ at: 0 }));
    return async () => {
      if (this.#hints.get(workspace) === onHint) this.#hints.delete(workspace);
    };
  }

  get #running(): Parts {
    if (this.#parts === null) throw new Error("the rig is stopped");
    return this.#parts;
  }

  get timers(): PatientTimers {
    return this.#running.timers;
  }

  get auto(): Auto {
    return this.#running.auto;
  }

  get call() {
    return callService(this.#running.service);
  }

  /** A folder with one file, and a session that keeps it, with a first checkpoint. */
  async session(auto: Settings["auto"]): Promise<{ id: string; folder: string }> {
    const folder = join(this.root, `work-${(this.#folders += 1)}`);
    await mkdir(folder);
    await writeFile(join(folder, "a"), "first");
    const { session_id } = await this.call("create_session", { workspace: folder });
    await this.call("checkpoint", { session_id, message: "first" });
    await this.call("update_session", { session_id, settings: { auto } });
    await this.timers.pass(1_000);
    return { id: session_id, folder };
  }

  /** Changes a file, and says so as a watcher does. */
  async edit(folder: string, content: string, name = "a"): Promise<void> {
    await writeFile(join(folder, name), content);
    await this.hint(folder);
  }

  /** Says that something changed, and lets it be looked at. */
  async hint(folder: string, lost?: string): Promise<void> {
    await this.until(() => this.#hints.has(folder));
    this.#hints.get(folder)?.({ at: 0, ...(lost === undefined ? {} : { lost }) });
    await this.timers.pass(0);
  }

  /** Lets things happen until it is so, with as little time passing as that takes. */
  async until(done: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await done())) await this.timers.pass(5);
  }

  live(session_id: string): { auto_state?: AutoState; dirty_files?: number | null } {
    return this.#running.service.live.show({ session_id } as never);
  }

  state(session_id: string): AutoState | undefined {
    return this.live(session_id).auto_state;
  }

  /** Waits until the folder is known to differ from its head by so many files. */
  async dirty(session_id: string, files: number | null): Promise<void> {
    await this.until(() => this.live(session_id).dirty_files === files);
  }

  /** Newest first; those by Cairn itself only. */
  async made(session_id: string): Promise<CheckpointSummary[]> {
    const { checkpoints } = await this.call("list_checkpoints", { session_id, limit: 200 });
    return checkpoints.filter(({ trigger }) => trigger.kind !== "manual");
  }

  /** By the wall clock, in ms since 1970. */
  get now(): number {
    return this.#wallMs + this.timers.now();
  }

  /** The wall clock jumps; the other goes on. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  async deleteAll(): Promise<void> {
    const { sessions } = await this.call("list_sessions", { limit: 200 });
    for (const { session_id } of sessions) await this.call("delete_session", { session_id });
    await this.timers.pass(1_000);
  }

  /** And lets a moment pass, until it is taken note of. */
  async update(params: Params<"update_session">): Promise<void> {
    await this.call("update_session", params);
    await this.timers.pass(100);
  }

  /** Opens everything again on the same data, after so long. */
  async reopen(awayMs: number): Promise<void> {
    this.#wallMs += this.#last + awayMs;
    await this.#open();
  }

  async close(): Promise<void> {
    const { auto, service, runner, store, timers } = this.#running;
    this.#last = timers.now();
    this.#parts = null;
    await auto.close();
    await service.drain();
    await runner.close();
    await store.close();
  }

  async stop(): Promise<void> {
    if (this.#parts !== null) await this.close();
    await rm(this.root, { recursive: true, force: true });
  }
}
