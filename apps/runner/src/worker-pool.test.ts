import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { prepareStore } from "./store/prepare.ts";
import { WorkerPool } from "./worker-pool.ts";
import type { WorkerData } from "./worker.ts";

let home: string;
let data: WorkerData;
let pool: WorkerPool;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "cairn-pool-")));
  const storeDir = join(home, "store");
  mkdirSync(storeDir);
  prepareStore(storeDir);
  data = { dataDir: home, storeDir, portsModule: null, storeLimit: null };
});

afterEach(async () => {
  await pool.close();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

async function untilSpare(): Promise<void> {
  while (!pool.hasSpare) await new Promise((resolve) => setImmediate(resolve));
}

test("a spare thread takes the first call of a name, and another comes after it", async () => {
  pool = new WorkerPool(data, 60_000, () => false, 1);
  await untilSpare();
  const call = pool.call("one", "facts", undefined);
  expect(pool.hasSpare).toBe(false);
  expect(await call).toMatchObject({ objects: 0 });
  await untilSpare();
  const again = pool.call("one", "facts", undefined);
  expect(pool.hasSpare).toBe(true);
  expect(await again).toMatchObject({ objects: 0 });
});

test("who asks before there is a spare thread gets one of its own, and more of them at once", async () => {
  pool = new WorkerPool(data, 60_000, () => false, 60_000);
  const calls = ["one", "two"].map((name) => pool.call(name, "facts", undefined));
  expect(await Promise.all(calls)).toHaveLength(2);
  expect(pool.hasSpare).toBe(false);
});

test("a pool that closes ends the spare thread too, and makes no other", async () => {
  pool = new WorkerPool(data, 60_000, () => false, 1);
  await untilSpare();
  await pool.close();
  expect(pool.hasSpare).toBe(false);
});

test("what kept a spare thread from opening the store is no answer to a call that comes later", async () => {
  const failed = join(home, "failed");
  vi.stubEnv("CAIRN_FAILED", failed);
  const portsModule = new URL("testing/late-ports.ts", import.meta.url).href;
  pool = new WorkerPool({ ...data, portsModule }, 60_000, () => false, 1);
  while (!existsSync(failed)) await new Promise((resolve) => setImmediate(resolve));
  expect(pool.hasSpare).toBe(true);
  expect(await pool.call("one", "facts", undefined)).toMatchObject({ objects: 0 });
});
