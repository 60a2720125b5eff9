import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { memoryDir } from "../testing/store-site.ts";

const MiB = 1024 * 1024;

function run(order: string, home: string, bytes: number): string {
  const program = new URL("../testing/large-file-program.ts", import.meta.url).pathname;
  const { stdout, stderr } = spawnSync(process.execPath, [program, order, home, `${bytes}`]);
  expect(stderr.toString()).toBe("");
  return stdout.toString();
}

test("a file of 300 MiB is captured within 64 MiB more of memory, and read back in bounded memory", () => {
  const home = mkdtempSync(join(memoryDir(), "cairn-large-"));
  try {
    run("plant", home, 300 * MiB);
    const result = JSON.parse(run("capture", home, 300 * MiB)) as Record<string, unknown>;
    expect(result).toMatchObject({ same: true });
    expect(result["captured"]).toBeLessThan(64 * MiB);
    // What was read is garbage for a while: that much, however long the file.
    expect(result["read"]).toBeLessThan(192 * MiB);
  } finally {
    rmSync(home, { recursive: true });
  }
});
