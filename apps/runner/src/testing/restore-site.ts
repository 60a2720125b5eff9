import { accessSync, constants, mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { defaultSettings } from "@cairn/shared/session";
import { describeScan, keepScan } from "../capture.ts";
import { realFs } from "../fs.ts";
import { gitPosition } from "../git-position.ts";
import type { RestorePorts } from "../restore/restorer.ts";
import { Restorer } from "../restore/restorer.ts";
import type { Applied, PlanRequest, Prepared, PrepareRequest, Rules, Snapshot } from "../runner.ts";
import { scanWorkspace } from "../scan/scan.ts";
import type { Store } from "../store/store.ts";
import { openStore } from "../store/store.ts";
import type { FaultPlan } from "./fault-plan.ts";
import type { Planted } from "./tree.ts";
import { listTree, removeTree, writeTree } from "./tree.ts";

/** In memory where there is such a place: thousands of restores need no disk that syncs. */
function base(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

/** A workspace and a store in a temporary folder, with the real scan and store. */
export class RestoreSite {
  readonly home: string;
  readonly workspace: string;
  store: Store;
  rules: Rules = {
    ignore: defaultSettings.ignore,
    include: defaultSettings.include,
    limits: defaultSettings.limits,
  };

  constructor() {
    this.home = realpathSync(mkdtempSync(join(base(), "cairn-restore-")));
    this.workspace = join(this.home, "work");
    mkdirSync(this.workspace);
    this.store = openStore(join(this.home, "data/store"));
  }

  [Symbol.dispose](): void {
    this.store.close();
    removeTree(this.home);
  }

  /** With a disk whose calls are counted, and may fail, where one is given. */
  restorer(ports: Partial<RestorePorts> = {}, disk?: FaultPlan): Restorer {
    const store = disk?.store(this.store) ?? this.store;
    const journals = disk?.journals(this.store.journals) ?? this.store.journals;
    return new Restorer({
      store,
      journals,
      ports: { fs: disk?.fs() ?? realFs, ...ports },
      dataFolder: join(this.home, "data"),
      deviceOf: (workspace) => this.store.index.device(workspace),
      scan: (request) => scanWorkspace(store, { ...request, cache: null }),
      describe: (scan, workspace, parent) => describeScan(this.store, scan, workspace, parent),
      gitPosition,
    });
  }

  /** What another process finds: nothing that was not committed. */
  reopen(): void {
    this.store.close();
    this.store = openStore(this.store.dir);
  }

  pins(): string[] {
    return this.store.index.pins();
  }

  write(planted: Record<string, Planted> | [string | Buffer, Planted][]): void {
    writeTree(this.workspace, planted);
  }

  path(path: string): string {
    return join(this.workspace, path);
  }

  remove(...paths: string[]): void {
    for (const path of paths) removeTree(this.path(path));
  }

  list(without?: (path: string) => boolean): string[] {
    return listTree(this.workspace, without);
  }

  capture(): Snapshot {
    const { workspace, rules, store } = this;
    const scan = scanWorkspace(store, { workspace, rules, store: true, cache: null });
    return keepScan(store, scan, { pin: randomUUID(), workspace, parent: null });
  }

  request(
    target: Snapshot,
    more: Partial<PrepareRequest> = {},
  ): PrepareRequest & { safety_pin: string } {
    const { tree, rules, skipped } = target;
    return {
      operation_id: randomUUID(),
      safety_pin: randomUUID(),
      parent: null,
      workspace: this.workspace,
      rules: this.rules,
      target: { tree, rules, skipped },
      ...more,
    };
  }

  /** Prepares, applies and settles. */
  restore(
    target: Snapshot,
    more: Partial<PrepareRequest> & Pick<PlanRequest, "into"> = {},
    restorer: Restorer = this.restorer(),
  ): Prepared & Applied & { safety: NonNullable<Prepared["safety"]> } {
    const request = this.request(target, more);
    const prepared = restorer.prepare(request);
    const applied = restorer.apply(request.operation_id);
    restorer.settle(request.operation_id);
    // A copy takes no safety snapshot: tests of it do not look at one.
    const safety = prepared.safety as NonNullable<Prepared["safety"]>;
    return { ...prepared, ...applied, safety };
  }
}
