import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { callOver } from "./testing/call.ts";
import { spawnServer } from "./testing/spawn-server.ts";

const program = join(import.meta.dirname, "testing/crashing-server.ts");

test("the README's shell lines make a session for the folder, checkpoint it and follow it", async () => {
  const readme = await readFile(join(import.meta.dirname, "../../../README.md"), "utf8");
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? "");
  const making = blocks.find((block) => block.startsWith("cairn()")) ?? "";
  const following = blocks.find((block) => block.startsWith("curl -N")) ?? "";
  expect(making).toContain("create_session");
  const root = await realpath(await mkdtemp(join(tmpdir(), "cairn-readme-")));
  const folder = join(root, "my project");
  await mkdir(folder);
  await writeFile(join(folder, "a.txt"), "one\n");
  const server = await spawnServer({ dataDir: join(root, "cairn"), program });
  const here = (block: string): string =>
    block.replaceAll("http://127.0.0.1:4870", server.url.replace(/\/$/, ""));
  const env = { ...process.env, XDG_DATA_HOME: root };
  try {
    const run = promisify(execFile);
    // Twice, as an agent does: the second time it finds the open session of the folder.
    await run("sh", ["-euc", here(making)], { cwd: folder, env });
    await run("sh", ["-euc", here(making)], { cwd: folder, env });
    const token = (await readFile(join(root, "cairn/token"), "utf8")).trim();
    const { sessions } = await callOver({ url: server.url, token }, "list_sessions", {});
    expect(sessions).toMatchObject([{ workspace: folder, checkpoints: 2 }]);

    const session = sessions[0]?.session_id ?? "";
    const script = `session=${session}\nexec ${here(following)}`;
    const curl = spawn("sh", ["-euc", script], { env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    curl.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    curl.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const of = () => [...stdout.matchAll(/^event: (.*)$/gm)].map(([, type]) => type);
    try {
      const made = ["checkpoint_created", "checkpoint_created"];
      await expect.poll(of, { timeout: 10_000 }).toEqual(made);
      await callOver({ url: server.url, token }, "checkpoint", { session_id: session });
      await expect.poll(of, { timeout: 10_000 }).toEqual([...made, "checkpoint_created"]);
    } finally {
      const ended = new Promise((resolve) => curl.once("close", resolve));
      curl.kill();
      await ended;
    }
    expect(stderr).toBe("");
  } finally {
    await server.end();
    await rm(root, { recursive: true, force: true });
  }
}, 60_000);
