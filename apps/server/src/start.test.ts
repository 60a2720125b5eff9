// The server as a process: what it prints, how it ends, what a crash leaves.
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { callOver } from "./testing/call.ts";
import { RawClient } from "./testing/raw-client.ts";
import { spawnServer } from "./testing/spawn-server.ts";
import type { SpawnedServer } from "./testing/spawn-server.ts";

const patience = 180_000;
let root: string;
let servers: SpawnedServer[] = [];
let folders = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cairn-start-"));
});

afterEach(async () => {
  await Promise.all(servers.map(async (server) => await server.end("SIGKILL")));
  servers = [];
});

afterAll(async () => await rm(root, { recursive: true, force: true }));

async function started(options: Partial<Parameters<typeof spawnServer>[0]> = {}) {
  const dataDir = join(root, `data-${(folders += 1)}`);
  const server = await spawnServer({ dataDir, ...options });
  servers.push(server);
  return server;
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function node(
  script: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (ended.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (ended.stderr += chunk.toString()));
  ended.code = await new Promise((resolve) => child.once("close", resolve));
  return ended;
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

test(
  "one ready line on stdout, JSON logs on stderr, SIGTERM drains and exits 0",
  async () => {
    const server = await started();
    const { url, ws, login_url, data_dir, pid } = server.ready;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(ws).toBe(`${url.replace("http", "ws")}ws`);
    expect(login_url).toMatch(new RegExp(`^${url}#login=[\\w-]{22}$`));
    const token = (await readFile(join(data_dir, "token"), "utf8")).trim();
    const client = await RawClient.open(ws);
    await client.call("authenticate", { token });
    process.kill(pid, 0);

    expect(await server.end("SIGTERM")).toBe(0);
    expect((await client.until(() => client.closed)).code).toBe(1012);
    expect(server.stdout.split("\n")).toHaveLength(2);
    for (const line of server.stderr.trimEnd().split("\n")) {
      expect(JSON.parse(line)).toHaveProperty("msg");
    }
    await expect(stat(join(data_dir, "server.json"))).rejects.toThrow("ENOENT");
  },
  patience,
);

test(
  "kill -9: the next start on the same port has everything that was acknowledged",
  async () => {
    const server = await started();
    const { data_dir, url } = server.ready;
    const token = (await readFile(join(data_dir, "token"), "utf8")).trim();
    const folder = join(root, "killed");
    await mkdir(folder);
    const made = await callOver({ url, token }, "create_session", { name: "k", workspace: folder });
    const { session_id } = made;
    const acknowledged: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      await writeFile(join(folder, "f"), `${i}`);
      const { checkpoint_id } = await callOver({ url, token }, "checkpoint", { session_id });
      acknowledged.push(checkpoint_id);
    }
    const client = await RawClient.open(server.ready.ws);
    await client.call("authenticate", { token });
    const before = await client.call("subscribe", { session_id });
    await server.kill();
    await client.until(() => client.closed);

    await server.start();
    expect(server.ready.url).toBe(url);
    const { checkpoints } = await callOver({ url, token }, "list_checkpoints", { session_id });
    expect(checkpoints.map(({ checkpoint_id }) => checkpoint_id).toReversed()).toEqual(
      acknowledged,
    );
    // The same key, the same epoch: a client resumes by its cursor.
    const again = await RawClient.open(server.ready.ws);
    await again.call("authenticate", { token });
    const since = { epoch: before.epoch, seq: before.seq - 1 };
    expect(await again.call("subscribe", { session_id, since })).toMatchObject({
      recovered: true,
      replayed: 1,
    });
    await again.event("checkpoint_created");
  },
  patience,
);

test(
  "npm run login finds the running server, and says so when there is none",
  async () => {
    const server = await started();
    const flags = ["--data-dir", server.ready.data_dir];
    const plain = await node("login.ts", flags);
    expect(plain).toMatchObject({ code: 0, stderr: "" });
    expect(plain.stdout.trim()).toMatch(new RegExp(`^${server.url}#login=[\\w-]{22}$`));
    const json = await node("login.ts", [...flags, "--json"]);
    const { login_url } = JSON.parse(json.stdout) as { login_url: string };
    const code = new URL(login_url).hash.replace("#login=", "");
    const response = await fetch(new URL("/api/login", server.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code }),
    });
    expect(response.status).toBe(200);
    const wrong = await node("login.ts", flags, { CAIRN_TOKEN: "another" });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("CAIRN_TOKEN");
    expect(wrong.stderr).not.toContain("another ");

    // Killed: its server.json is still there.
    await server.kill();
    const none = await node("login.ts", flags);
    expect(none.code).toBe(2);
    expect(none.stderr.trimEnd().split("\n")).toEqual([expect.stringContaining("No server runs")]);
  },
  patience,
);

test(
  "npm start ends by SIGKILL: the server drains and leaves nothing behind",
  async () => {
    const dataDir = join(root, "npm");
    const flags = ["start", "--silent", "--", "--json", "--port", "0", "--data-dir", dataDir];
    const npm = spawn("npm", flags, {
      cwd: join(import.meta.dirname, "../../.."),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let [stdout, stderr] = ["", ""];
    npm.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    npm.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    // Its output ends when the last process of the chain does.
    const ended = new Promise((resolve) => npm.once("close", resolve));
    try {
      await expect.poll(() => stdout, { timeout: patience }).toContain("ready");
      expect(stdout.trimEnd().split("\n")).toHaveLength(1);
      const { pid } = JSON.parse(stdout) as { pid: number };
      expect(pid).not.toBe(npm.pid);
      npm.kill("SIGKILL");
      await ended;
      expect(stderr).toMatch(/npm is gone[^]*"stopped"/);
      await expect(stat(join(dataDir, "server.json"))).rejects.toThrow("ENOENT");
      expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    } finally {
      // The whole group, in case the server did not notice.
      try {
        process.kill(-(npm.pid ?? Number.NaN), "SIGKILL");
      } catch {
        // All of it has ended, as it should.
      }
    }
  },
  patience,
);

test(
  "CAIRN_TOKEN is the token, and is not written down",
  async () => {
    const token = "a-token-from-the-environment";
    const server = await started({ env: { CAIRN_TOKEN: token } });
    const { url, data_dir } = server.ready;
    expect((await callOver({ url, token }, "health", {})).healthy).toBe(true);
    await expect(stat(join(data_dir, "token"))).rejects.toThrow("ENOENT");
    expect(server.stdout + server.stderr).not.toContain(token);
  },
  patience,
);

test(
  "a taken port, an owned, an unwritable and an impossible data folder: one line, exit 2",
  async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const { port } = holder.address() as AddressInfo;
    const free = join(root, "free");
    const taken = await node("start.ts", ["--port", String(port), "--data-dir", free]);
    await new Promise((resolve) => holder.close(resolve));
    expect(taken.code).toBe(2);
    expect(lastLine(taken.stderr)).toContain(`Port ${port} is taken`);
    expect(taken.stdout).toBe("");

    const server = await started();
    const owned = await node("start.ts", ["--port", "0", "--data-dir", server.ready.data_dir]);
    expect(owned.code).toBe(2);
    expect(lastLine(owned.stderr)).toMatch(/already|owned|in use|another/i);
    expect((await fetch(new URL("/healthz", server.url))).status).toBe(200);

    const file = join(root, "file");
    await writeFile(file, "");
    const impossible = await node("start.ts", ["--port", "0", "--data-dir", join(file, "data")]);
    expect(impossible).toMatchObject({ code: 2, stdout: "" });
    expect(lastLine(impossible.stderr)).toContain("cannot be written (ENOTDIR)");

    // Root may write everywhere: /proc is where even root may not.
    const closed = process.getuid?.() === 0 ? "/proc/cairn" : join(root, "closed");
    if (!closed.startsWith("/proc")) {
      await mkdir(closed);
      await chmod(closed, 0o500);
    }
    const unwritable = await node("start.ts", ["--port", "0", "--data-dir", closed]);
    expect(unwritable).toMatchObject({ code: 2, stdout: "" });
    expect(lastLine(unwritable.stderr)).toMatch(/cannot be written \((EACCES|ENOENT)\)/);
  },
  patience,
);

test(
  "--help and --version need nothing; a wrong flag is one line and exit 2",
  async () => {
    const help = await node("start.ts", ["--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("--data-dir");
    expect((await node("start.ts", ["--version"])).stdout).toMatch(/^cairn \d+\.\d+\.\d+\n$/);
    const wrong = await node("start.ts", ["--bogus"]);
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr.trimEnd().split("\n")).toEqual([expect.stringContaining("--bogus")]);
  },
  patience,
);

test(
  "a folder that holds other things does not become a data folder, and stays as it is",
  async () => {
    const dataDir = join(root, "somebody's");
    await mkdir(dataDir, { mode: 0o755 });
    await writeFile(join(dataDir, "thesis.txt"), "mine");
    const ended = await node("start.ts", ["--json", "--port", "0", "--data-dir", dataDir]);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(lastLine(ended.stderr)).toMatch(/holds other things than Cairn's data/);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o755);
  },
  patience,
);
