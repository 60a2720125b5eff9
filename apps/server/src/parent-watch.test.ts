// Through the real npm: when it is killed, what it started ends too.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { findNpm } from "./parent-watch.ts";

test("outside of npm nothing is watched", () => {
  const stop = findNpm(
    {},
    1,
  )(() => {
    throw new Error("nothing disappeared");
  });
  stop();
  expect(stop).toBeTypeOf("function");
});

test.each(["SIGKILL", "SIGTERM"] as const)("npm ends by %s: its server notices", async (signal) => {
  const folder = await mkdtemp(join(tmpdir(), "cairn-npm-"));
  const module = join(import.meta.dirname, "parent-watch.ts");
  await writeFile(
    join(folder, "child.ts"),
    `import { findNpm } from ${JSON.stringify(module)};
    const watch = findNpm(process.env, 20);
    process.on("SIGTERM", () => undefined);
    watch(() => { console.log("gone"); process.exit(0); });
    console.log("pid " + process.pid);
    setInterval(() => undefined, 1000);`,
  );
  const scripts = { start: `${JSON.stringify(process.execPath)} child.ts; echo ended` };
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", scripts }));
  const npm = spawn("npm", ["start", "--silent"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    // A group of its own, so that nothing but npm gets the signal.
    detached: true,
  });
  try {
    const lines = createInterface(npm.stdout)[Symbol.asyncIterator]();
    const next = async (): Promise<string> => String((await lines.next()).value);
    expect(await next()).toMatch(/^pid \d+$/);
    npm.kill(signal);
    expect(await next()).toBe("gone");
  } finally {
    if (npm.pid !== undefined) {
      try {
        process.kill(-npm.pid, "SIGKILL");
      } catch {
        // All of it has ended, as it should.
      }
    }
    await rm(folder, { recursive: true });
  }
});
