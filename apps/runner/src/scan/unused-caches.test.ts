import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultSettings } from "@cairn/shared/session";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";
import { Memory } from "./memory.ts";
import { cachePath } from "./stat-cache.ts";
import { CacheUse } from "./unused-caches.ts";

const dayMs = 24 * 3_600_000;

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

function age(path: string, days: number): void {
  const seconds = (Date.now() - days * dayMs) / 1000;
  utimesSync(path, seconds, seconds);
}

/** As a thread does that takes up the workspace, and ends. */
function scan(): void {
  const memory = new Memory(site.store, site.home, site.workspace);
  memory.scan({ workspace: site.workspace, rules: defaultSettings, store: true });
  memory.tidy();
  memory.close();
}

test("a cache that nobody used for a month goes; one that is used stays, however old it is", () => {
  site.write({ a: "1" });
  scan();
  const own = cachePath(site.home, site.workspace);
  const dir = join(site.home, "cache");
  expect(readdirSync(dir)).toHaveLength(2);
  for (const name of ["gone", "gone.read", "torn.new", "lately"])
    writeFileSync(join(dir, name), "");
  for (const name of readdirSync(dir)) age(join(dir, name), name === "lately" ? 29 : 31);
  scan();
  expect(existsSync(own)).toBe(true);
  expect(existsSync(`${own}.read`)).toBe(true);
  expect(readdirSync(dir)).toHaveLength(3);
  expect(existsSync(join(dir, "lately"))).toBe(true);
});

test("a thread that runs for months keeps its own cache", () => {
  const dir = join(site.home, "cache");
  mkdirSync(dir);
  const [own, other] = [join(dir, "own"), join(dir, "other")];
  for (const path of [own, other]) writeFileSync(path, "");
  const use = new CacheUse([own]);
  for (let day = 0; day <= 40; day += 1) use.mark(Date.now() + day * dayMs);
  expect(existsSync(own)).toBe(true);
  expect(existsSync(other)).toBe(false);
});
