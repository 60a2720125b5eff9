// Cairn's runner by its interface, with worker threads, as the server uses it.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { defaultSettings } from "@cairn/shared/session";
import type { Captured, Rules, Runner, Snapshot } from "../src/runner.ts";
import { startRunner } from "../src/worker-runner.ts";
import { diskBytes } from "./snapshot-peer.ts";
import type { Peer } from "./snapshot-peer.ts";

// As in the server, whose threads find their code compiled from its second start on.
process.env["NODE_COMPILE_CACHE"] ??= join(
  import.meta.dirname,
  "../../../node_modules/.cache/cairn-compiled",
);

const { ignore, include, limits } = defaultSettings;
const rules: Rules = { ignore, include, limits };

export class Cairn implements Peer {
  readonly name = "cairn";
  readonly #workspace: string;
  readonly #dataDir: string;
  #runner: Runner;
  /** By tree; of equal trees the latest. */
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #pins: string[] = [];
  #latest: Captured | null = null;

  private constructor(workspace: string, dataDir: string, runner: Runner) {
    this.#workspace = workspace;
    this.#dataDir = dataDir;
    this.#runner = runner;
  }

  /** With its threads started: it runs before anyone asks for a checkpoint. */
  static async open(workspace: string, dataDir: string): Promise<Cairn> {
    const peer = new Cairn(workspace, dataDir, await startRunner({ dataDir }));
    await peer.#runner.scan({ workspace, rules });
    await peer.#runner.facts();
    return peer;
  }

  async capture(): Promise<string> {
    const pin = randomUUID();
    const parent = this.#latest?.tree ?? null;
    return this.#keep(pin, await this.#runner.capture({ pin, ...this.#folder, parent }));
  }

  async count(): Promise<number> {
    return this.#latest?.files ?? 0;
  }

  async diff(from: string, to: string): Promise<number> {
    return (await this.#runner.diff({ from, to, limit: 200 })).files.length;
  }

  async restore(to: string): Promise<void> {
    const target = this.#snapshots.get(to);
    if (target === undefined) throw new Error("no such checkpoint");
    const operation_id = randomUUID();
    const safety_pin = randomUUID();
    const parent = this.#latest?.tree ?? null;
    const request = { operation_id, ...this.#folder, target, safety_pin, parent };
    const { safety } = await this.#runner.prepare(request);
    const { status } = await this.#runner.apply(operation_id);
    await this.#runner.settle(operation_id);
    if (status !== "restored" || safety === null) throw new Error(`cairn: ${status}`);
    this.#keep(safety_pin, safety);
  }

  async removeHalf(): Promise<void> {
    await this.#runner.release(this.#pins.splice(0, Math.floor(this.#pins.length / 2)));
    while (!(await this.#runner.collect({})).done);
  }

  storeBytes(): number {
    return diskBytes(join(this.#dataDir, "store"));
  }

  async reopen(): Promise<void> {
    await this.#runner.close();
    this.#runner = await startRunner({ dataDir: this.#dataDir });
  }

  async close(): Promise<void> {
    await this.#runner.close();
  }

  get #folder(): { workspace: string; rules: Rules } {
    return { workspace: this.#workspace, rules };
  }

  #keep(pin: string, captured: Captured): string {
    this.#pins.push(pin);
    this.#snapshots.set(captured.tree, captured);
    this.#latest = captured;
    return captured.tree;
  }
}
