import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { callOver } from "./testing/call.ts";
import { spawnServer } from "./testing/spawn-server.ts";

const program = join(import.meta.dirname, "testing/crashing-server.ts");

test("the README's shell lines make a session for the folder and checkpoint it", async () => {
  const readme = await readFile(join(import.meta.dirname, "../../../README.md"), "utf8");
  const block = /```sh\n(cairn\(\)[\s\S]*?)```/.exec(readme)?.[1] ?? "";
  expect(block).toContain("create_session");
  const root = await realpath(await mkdtemp(join(tmpdir(), "cairn-readme-")));
  const folder = join(root, "my project");
  await mkdir(folder);
  await writeFile(join(folder, "a.txt"), "one\n");
  const server = await spawnServer({ dataDir: join(root, "cairn"), program });
  try {
    const script = block.replace("http://127.0.0.1:4870", server.url.replace(/\/$/, ""));
    const run = promisify(execFile);
    const env = { ...process.env, XDG_DATA_HOME: root };
    // Twice, as an agent does: the second time it finds the open session of the folder.
    await run("sh", ["-euc", script], { cwd: folder, env });
    await run("sh", ["-euc", script], { cwd: folder, env });
    const token = (await readFile(join(root, "cairn/token"), "utf8")).trim();
    const { sessions } = await callOver({ url: server.url, token }, "list_sessions", {});
    expect(sessions).toMatchObject([{ workspace: folder, checkpoints: 2 }]);
  } finally {
    await server.end();
    await rm(root, { recursive: true, force: true });
  }
});
