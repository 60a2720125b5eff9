import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newSeed, randomOf } from "../testing/random.ts";
import type { Said } from "../testing/store-kills.ts";
import { checkKilled, runVictim } from "../testing/store-kills.ts";
import { memoryDir } from "../testing/store-site.ts";

const program = new URL("../testing/store-victim.ts", import.meta.url).pathname;

test("killed at any moment of capturing, letting go and collecting: all that was said is there, nothing is left over", async () => {
  const dir = mkdtempSync(join(memoryDir(), "cairn-kills-"));
  const seed = newSeed("kills");
  const random = randomOf(seed);
  const said: Said = { kept: new Set(), doubtful: new Set() };
  let kept = 0;
  for (let round = 0; round < 8; round += 1) {
    const args = [program, dir, `${seed + round}`, "0"];
    const kill = { lines: 1 + random(20), ms: random(20) };
    expect(await runVictim({ command: process.execPath, args, kill }, said)).toBe("");
    kept += said.kept.size;
    expect(checkKilled(dir, said)).toEqual([]);
  }
  expect(kept).toBeGreaterThan(10);
  rmSync(dir, { recursive: true });
});
