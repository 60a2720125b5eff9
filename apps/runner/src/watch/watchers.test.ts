import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeTree } from "../testing/tree.ts";
import type { WatchTimes } from "./watchers.ts";
import { Watchers } from "./watchers.ts";

const nothing = { names: [".git", "node_modules"], paths: [] };
const times: WatchTimes = {
  retryMs: 20,
  mostRetryMs: 100,
  steadyMs: 60_000,
  patienceMs: 10_000,
  idleMs: 50,
};
const dying = new URL("../testing/dying-watcher.ts", import.meta.url);

let home: string;
let watchers: Watchers;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "cairn-watchers-"));
});

afterEach(() => {
  watchers.close();
  delete process.env["CAIRN_DIE_AT"];
  delete process.env["CAIRN_DIE_ONCE"];
  removeTree(home);
});

/** What is heard of a folder: null for a hint, else why nothing more is heard. */
function listen(folder = home): {
  heard: (string | null)[];
  until: (n: number) => Promise<void>;
  end: () => void;
} {
  const heard: (string | null)[] = [];
  let woken = (): void => undefined;
  const end = watchers.watch(folder, nothing, (lost) => {
    heard.push(lost ?? null);
    woken();
  });
  const until = async (n: number): Promise<void> => {
    while (heard.length < n) await new Promise<void>((resolve) => (woken = resolve));
  };
  return { heard, until, end };
}

test("a watcher that crashes is begun again, and says that nothing was heard meanwhile", async () => {
  process.env["CAIRN_DIE_AT"] = "watching";
  process.env["CAIRN_DIE_ONCE"] = join(home, "mark");
  watchers = new Watchers(times, dying);
  const { heard, until } = listen();
  await until(3);
  expect(heard).toEqual([null, expect.stringContaining("SIGSEGV"), null]);
});

test("one that crashes each time is tried ever more rarely, and never harms who asked", async () => {
  process.env["CAIRN_DIE_AT"] = "start";
  watchers = new Watchers(times, dying);
  const one = listen();
  const two = listen(tmpdir());
  await Promise.all([one.until(4), two.until(4)]);
  expect([...one.heard, ...two.heard].every((reason) => reason?.includes("SIGSEGV"))).toBe(true);
});

test("where there is no binary for this machine, that is said", async () => {
  process.env["CAIRN_DIE_AT"] = "no binary";
  watchers = new Watchers(times, dying);
  const { heard, until } = listen();
  await until(2);
  expect(heard).toEqual(["No prebuild or local build found", "No prebuild or local build found"]);
});

test("one that never says that it watches is given up for a while", async () => {
  process.env["CAIRN_DIE_AT"] = "never answers";
  watchers = new Watchers({ ...times, patienceMs: 30 }, dying);
  const { heard, until } = listen();
  await until(2);
  expect(heard[1]).toContain("too long");
});

test("a folder that is too large to watch disturbs no other, and is tried again", async () => {
  process.env["CAIRN_DIE_AT"] = "too large";
  watchers = new Watchers(times, dying);
  const small = listen(join(home, "small"));
  await small.until(1);
  const large = listen(join(home, "large"));
  await large.until(3);
  expect(large.heard).toEqual(["too large", "too large", "too large"]);
  // Another process would have begun to watch it anew, and said so before.
  expect(small.heard).toEqual([null]);
});

test("a folder that is begun to be watched when another one ends is heard", async () => {
  watchers = new Watchers();
  let end = (): void => undefined;
  for (let i = 0; i < 10; i += 1) {
    const folder = join(home, `f${i}`);
    mkdirSync(folder);
    end();
    const { heard, until, ...listening } = listen(folder);
    ({ end } = listening);
    await until(1);
    const known = heard.length;
    writeFileSync(join(folder, "a"), "1");
    await until(known + 1);
    expect(heard.every((lost) => lost === null)).toBe(true);
  }
});

const few = ["--user", "--map-root-user"];
const mayLimit = spawnSync("unshare", [...few, "test", "-w", "/proc/sys/user/max_inotify_watches"]);

test.skipIf(mayLimit.status !== 0)(
  "a folder for which the system has no watches left is said so, and takes none from others",
  async () => {
    watchers = new Watchers();
    const [small, large] = [join(home, "small"), join(home, "large")];
    mkdirSync(small);
    for (let i = 0; i < 50; i += 1) mkdirSync(join(large, `d${i}`), { recursive: true });
    const program = new URL("../testing/watching.ts", import.meta.url).pathname;
    const command = `echo 20 > /proc/sys/user/max_inotify_watches; exec "$0" "$@"`;
    const child = spawn(
      "unshare",
      [...few, "sh", "-c", command, process.execPath, program, large, small],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async (folder: string): Promise<string | null> => {
      for (;;) {
        const { value } = await lines.next();
        const line = JSON.parse(value as string) as { folder: string; lost: string | null };
        if (line.folder === folder) return line.lost;
      }
    };
    expect(await next(large)).toContain("max_user_watches");
    while ((await next(small)) !== null);
    writeFileSync(join(small, "a"), "1");
    expect(await next(small)).toBeNull();
    child.stdin.end();
    await new Promise((resolve) => child.once("exit", resolve));
  },
);

test("the watching process ends with whoever started it, however that ends", async () => {
  watchers = new Watchers();
  const program = new URL("../testing/watching.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, home], { stdio: ["pipe", "pipe", "inherit"] });
  await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  const own = spawnSync("pgrep", ["-P", String(child.pid)])
    .stdout.toString()
    .trim();
  expect(own).toMatch(/^\d+$/);
  child.kill("SIGKILL");
  while (isAlive(Number(own))) await new Promise((resolve) => setImmediate(resolve));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
