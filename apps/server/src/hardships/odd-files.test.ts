// Trees that are hard to read: a FIFO and a socket in them, files that grow while they are read,
// another process that edits while a restore is at work. Nothing hangs, nothing is lost.
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { noise } from "@cairn/runner/testing/store-site";
import { writeTree } from "@cairn/runner/testing/tree";
import { expect, test, vi } from "vitest";
import { HardPlace } from "./hard-place.ts";

// Each starts servers, some several.
vi.setConfig({ testTimeout: 60_000 });

/** Runs a script of Node beside us until it is disposed of; resolves once it has said something. */
async function beside(script: string): Promise<AsyncDisposable & { child: ChildProcess }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", reject);
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    child,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

test("a FIFO and a socket are skipped and said so, never opened, and no restore touches them", async () => {
  await using place = new HardPlace();
  const work = place.folder("work");
  writeTree(work, { "a.txt": "1", "sub/b.txt": "1" });
  // To open it for reading waits for a writer that never comes.
  execFileSync("mkfifo", [join(work, "sub/pipe")]);
  const socket = createServer().listen(join(work, "sock"));
  await new Promise((resolve) => socket.once("listening", resolve));
  try {
    await place.serve();
    const session_id = await place.session(work);
    const checkpoint_id = await place.checkpoint(session_id);
    const { checkpoint } = await place.call("get_checkpoint", { session_id, checkpoint_id });
    expect(checkpoint.skipped.map(({ path }) => path).toSorted()).toEqual(["sock", "sub/pipe"]);
    writeTree(work, { "a.txt": "2", "sub/c.txt": "2" });
    await place.call("restore", { session_id, checkpoint_id });
    expect(readFileSync(join(work, "a.txt"), "utf8")).toBe("1");
    expect(existsSync(join(work, "sub/c.txt"))).toBe(false);
    expect(statSync(join(work, "sub/pipe")).isFIFO()).toBe(true);
    expect(statSync(join(work, "sock")).isSocket()).toBe(true);
  } finally {
    socket.close();
  }
});

test("a file that grows while it is read is kept as one read found it, and the checkpoint says so", async () => {
  await using place = new HardPlace();
  const work = place.folder("work");
  const path = join(work, "grows.log.txt");
  writeFileSync(path, "line\n".repeat(4_000_000));
  await place.serve();
  const session_id = await place.session(work);
  await using _ = await beside(`
    import { appendFileSync } from "node:fs";
    for (let n = 0; ; n += 1) {
      appendFileSync(${JSON.stringify(path)}, "line\\n".repeat(100));
      if (n === 3) console.log("growing");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }`);
  const { checkpoint_id, checkpoint } = await place.call("checkpoint", { session_id });
  const { checkpoint: whole } = await place.call("get_checkpoint", { session_id, checkpoint_id });
  expect(checkpoint.partial).toBe(true);
  expect(whole.skipped).toMatchObject([{ path: "grows.log.txt", reason: "changed_while_read" }]);
  // What was stored is a beginning of the file, none of it made up.
  const { entries } = await place.call("list_files", { session_id, checkpoint_id });
  expect(entries[0]?.size ?? 0).toBeGreaterThanOrEqual(20_000_000);
  expect(await place.call("validate", { deep: true })).toMatchObject({ invalid: 0 });
});

test("what another process writes while a restore is at work is not lost", async () => {
  await using place = new HardPlace();
  const work = place.folder("work");
  const names = Array.from({ length: 300 }, (_, n) => `dir-${n % 7}/file-${n}.txt`);
  writeTree(work, Object.fromEntries(names.map((name) => [name, noise(3000, name)])));
  await place.serve();
  const session_id = await place.session(work);
  const target = await place.checkpoint(session_id);
  writeTree(work, Object.fromEntries(names.map((name) => [name, `edited ${name}`])));
  // It numbers what it writes and says so afterwards: the last of each file must be somewhere.
  await using writer = await beside(`
    import { writeFileSync } from "node:fs";
    let ending = false;
    process.on("SIGTERM", () => (ending = true));
    const names = ${JSON.stringify(names)};
    for (let n = 0; !ending; n += 1) {
      const name = names[(n * 37) % names.length];
      const text = "written " + n;
      try { writeFileSync(${JSON.stringify(`${work}/`)} + name, text); } catch { continue; }
      process.stdout.write(JSON.stringify([name, text]) + "\\n");
      if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }`);
  let said = "";
  writer.child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const restored = await place.call("restore", { session_id, checkpoint_id: target });
  const ended = new Promise((resolve) => writer.child.once("close", resolve));
  writer.child.kill("SIGTERM");
  await ended;

  const last = new Map<string, string>();
  for (const line of said.split("\n").slice(0, -1)) {
    const [name, text] = JSON.parse(line) as [string, string];
    last.set(name, text);
  }
  expect(last.size).toBeGreaterThan(10);
  const differences = new Set(restored.differences.map(({ path }) => path));
  const into = join(place.root, "safety");
  const safety = restored.safety_checkpoint_id ?? "";
  await place.call("restore", { session_id, checkpoint_id: safety, into });
  const beside_ = readdirSync(work, { recursive: true, encoding: "utf8" });
  for (const [name, text] of last) {
    const now = readFileSync(join(work, name));
    const inSafety = readFileSync(join(into, name), "utf8");
    const elsewhere = beside_
      .filter((path) => path !== name && path.startsWith(name.replace(/\.txt$/, "")))
      .some((path) => readFileSync(join(work, path), "utf8") === text);
    // Where it stands, or kept beside, or captured before the restore began.
    const isKept = now.toString() === text || inSafety === text || elsewhere;
    expect(isKept, `${name}: ${text}; now ${now.subarray(0, 20).toString("latin1")}`).toBe(true);
  }
  for (const name of names) {
    if (last.has(name) || differences.has(name)) continue;
    expect(readFileSync(join(work, name)).equals(noise(3000, name)), `of ${name}`).toBe(true);
  }
  expect(readdirSync(work).filter((name) => name.startsWith(".cairn-"))).toEqual([]);
});
