import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildWeb, ensureWebBuilt } from "./web-build.ts";

let root: string;
let lines: string[];

const log = (line: string): void => void lines.push(line);
const write = async (path: string, text: string): Promise<void> =>
  await writeFile(join(root, path), text);

async function script(): Promise<string> {
  const assets = join(root, "apps/web/dist/assets");
  const names = await readdir(assets);
  return await readFile(join(assets, names.find((name) => name.endsWith(".js")) ?? ""), "utf8");
}

beforeEach(async () => {
  lines = [];
  root = await realpath(await mkdtemp(join(tmpdir(), "cairn-web-build-")));
  await mkdir(join(root, "apps/web/src"), { recursive: true });
  await symlink(join(import.meta.dirname, "../../../node_modules"), join(root, "node_modules"));
  await write("apps/web/package.json", '{"type":"module"}');
  await write("apps/web/index.html", '<script type="module" src="/src/main.ts"></script>');
  await write("apps/web/src/main.ts", 'console.log("first");');
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test("builds what is missing, and leaves what is fresh alone", async () => {
  const dist = await ensureWebBuilt({ root, log });
  expect(dist).toBe(join(root, "apps/web/dist"));
  expect(await script()).toContain("first");
  expect(lines).toHaveLength(2);

  expect(await ensureWebBuilt({ root, log })).toBe(dist);
  expect(lines).toHaveLength(2);
});

test("builds again when a source changed, not when a test did", async () => {
  await ensureWebBuilt({ root, log });
  await write("apps/web/src/main.test.ts", "export {};");
  await ensureWebBuilt({ root, log });
  expect(lines).toHaveLength(2);

  await write("apps/web/src/main.ts", 'console.log("second");');
  await ensureWebBuilt({ root, log });
  expect(await script()).toContain("second");
  expect(await readdir(join(root, "apps/web/.cache"))).toEqual([]);
});

test("a build that fails leaves the old one in its place, and is tried again", async () => {
  await ensureWebBuilt({ root, log });
  await write("apps/web/src/main.ts", 'import "./gone.ts";');
  await expect(ensureWebBuilt({ root, log })).rejects.toThrow("The dashboard's build failed");
  expect(await script()).toContain("first");
  await expect(ensureWebBuilt({ root, log })).rejects.toThrow("The dashboard's build failed");
});

test("two builds at once leave one whole build", async () => {
  await Promise.all([buildWeb({ root, log }), buildWeb({ root, log })]);
  expect(await script()).toContain("first");
  lines = [];
  await ensureWebBuilt({ root, log });
  expect(lines).toEqual([]);
});

test("without the packages, says what to run", async () => {
  await rm(join(root, "node_modules"));
  await expect(ensureWebBuilt({ root, log })).rejects.toThrow("Run `npm ci` first");
});
