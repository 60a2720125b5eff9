import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

interface WebBuild {
  /** The repository's root. */
  root: string;
  log: (line: string) => void;
}

const sources = [
  "apps/web/src",
  "apps/web/public",
  "apps/web/index.html",
  "apps/web/vite.config.ts",
  "apps/web/tsconfig.json",
  "apps/web/package.json",
  "shared/src",
  "package-lock.json",
];

const isTest = /\.(test|spec)\.tsx?$/;
const stampFile = ".sources";

async function filesUnder(root: string, source: string): Promise<string[]> {
  try {
    const entries = await readdir(join(root, source), { recursive: true, withFileTypes: true });
    return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") return [join(root, source)];
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

// By content, not by time: a checkout, a copy and an edit during the build all keep it right.
async function fingerprint(root: string): Promise<string> {
  const found = await Promise.all(sources.map((source) => filesUnder(root, source)));
  const files = found
    .flat()
    .filter((file) => !isTest.test(file))
    .toSorted();
  const hash = createHash("sha256");
  const contents = await Promise.all(files.map((file) => readFile(file)));
  for (const [i, file] of files.entries()) {
    const content = contents[i] ?? "";
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

async function builtFrom(dist: string): Promise<string | undefined> {
  try {
    return await readFile(join(dist, stampFile), "utf8");
  } catch {
    return undefined;
  }
}

function viteOf(root: string): string {
  const require = createRequire(join(root, "apps/web/package.json"));
  try {
    return join(dirname(require.resolve("vite/package.json")), "bin/vite.js");
  } catch (error) {
    const line = "The dashboard cannot be built: its packages are missing. Run `npm ci` first.";
    throw new Error(line, { cause: error });
  }
}

async function runVite({ root, log }: WebBuild, outDir: string): Promise<void> {
  const args = ["build", "apps/web", "--outDir", outDir, "--emptyOutDir", "--logLevel", "warn"];
  const child = spawn(process.execPath, [viteOf(root), ...args], {
    cwd: root,
    // A server started by a test would hand on NODE_ENV=test and get React's development build.
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    createInterface(output).on("line", (line) => said.push(line));
  }
  const end = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? String(code)));
  });
  if (end === "0") return;
  for (const line of said) log(line);
  throw new Error(`The dashboard's build failed (vite: ${end}); see above.`);
}

// The old build is served until the new one is whole, and two starts at once do not mix theirs.
async function swapIn(built: string, dist: string, old: string): Promise<void> {
  await rename(dist, old).catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
  });
  await rename(built, dist).catch((error: unknown) => {
    const taken = ["ENOTEMPTY", "EEXIST", "EPERM"].includes(String(codeOf(error)));
    if (!taken) throw error;
  });
}

/** Builds the SPA whether or not it is fresh; returns its folder. */
export async function buildWeb({ root, log }: WebBuild): Promise<string> {
  const web = join(root, "apps/web");
  const dist = join(web, "dist");
  const stamp = await fingerprint(root);
  const scratch = join(web, ".cache", `build-${randomUUID()}`);
  const built = join(scratch, "dist");
  log("Building the dashboard…");
  const start = performance.now();
  try {
    await mkdir(scratch, { recursive: true });
    await runVite({ root, log }, built);
    await writeFile(join(built, stampFile), stamp);
    await swapIn(built, dist, join(scratch, "old"));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  log(`Built the dashboard in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
  return dist;
}

/** Builds the SPA if it is missing or not of these sources; returns its folder. */
export async function ensureWebBuilt({ root, log }: WebBuild): Promise<string> {
  const dist = join(root, "apps/web/dist");
  const [built, wanted] = await Promise.all([builtFrom(dist), fingerprint(root)]);
  return built === wanted ? dist : await buildWeb({ root, log });
}
