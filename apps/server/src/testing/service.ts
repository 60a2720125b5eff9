import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Runner } from "@cairn/runner/runner";
import { startRunner } from "@cairn/runner/worker-runner";
import { LocalBus } from "../bus/local.ts";
import { createService } from "../checkpoints/create-service.ts";
import type { Service } from "../service.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import type { Store } from "../storage/store.ts";

export const tester = { actor: "tester" };

/** For tests that are about no disk: syncs cost nothing there. */
export const memoryFolder = existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir();

export interface TestService {
  service: Service;
  store: Store;
  runner: Runner;
  dataDir: string;
  /** What was logged as a warning or an error. */
  warnings: object[];
  /** A fresh folder that may become a workspace. */
  folder: (name?: string) => Promise<string>;
  /** What its clock shows, in ms. */
  now: () => number;
  /** Lets time pass, in ms. */
  advance: (ms: number) => void;
  /** Sets the clock forward or back by so many ms, while no time passes. */
  setClock: (ms: number) => void;
  /** Closes everything and opens it again on the same data, as a restart does. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
}

/** The service on real SQLite and the real runner, in a folder below `parent`; no HTTP or sockets. */
export async function startTestService(parent = os.tmpdir()): Promise<TestService> {
  const root = await realpath(await mkdtemp(path.join(parent, "cairn-service-")));
  const dataDir = path.join(root, "data");
  await mkdir(dataDir, { mode: 0o700 });
  const warnings: object[] = [];
  let offset = 0;
  let passed = 0;
  let folders = 0;
  const clock = () => Date.now() + offset;
  const newId = () => crypto.randomUUID();

  async function open() {
    const store = await openSqliteStore({ file: path.join(dataDir, "cairn.db") });
    const runner = await startRunner({ dataDir });
    const note = (fields: object): void => {
      warnings.push(fields);
    };
    const quiet = { info: () => {}, warn: note, error: note };
    const service = await createService({
      store,
      runner,
      bus: new LocalBus(),
      dataDir,
      clock,
      uptime: { now: () => performance.now() + passed, boot: "this one" },
      newId,
      log: quiet,
      api: () => null,
    });
    return { store, runner, service };
  }

  async function close() {
    await test.service.drain();
    await test.runner.close();
    await test.store.close();
  }

  const test: TestService = {
    ...(await open()),
    dataDir,
    warnings,
    now: clock,
    folder: async (name = "work") => {
      const folder = path.join(root, `${name}-${(folders += 1)}`);
      await mkdir(folder);
      return folder;
    },
    advance: (ms) => {
      offset += ms;
      passed += ms;
    },
    setClock: (ms) => {
      offset += ms;
    },
    restart: async () => {
      await close();
      Object.assign(test, await open());
    },
    stop: async () => {
      await close();
      await rm(root, { recursive: true, force: true });
    },
  };
  return test;
}
