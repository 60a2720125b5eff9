// Finds a Chromium for the browser tests, and installs one when there is none.
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "@playwright/test";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

const usualPlaces = [
  "/usr/bin/chromium",
  "/usr/lib/chromium/chromium",
  "/snap/bin/chromium",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// A file that is there may still not start: Ubuntu's chromium-browser is a stub without its snap.
function starts(path: string): boolean {
  if (!isExecutable(path)) return false;
  if (process.platform === "win32") return true;
  return spawnSync(path, ["--version"], { stdio: "ignore", timeout: 15_000 }).status === 0;
}

function onSystem(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const inPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...inPath, ...usualPlaces].find(starts);
}

function ofPlaywright(): string | undefined {
  const path = chromium.executablePath();
  return path !== "" && existsSync(path) ? path : undefined;
}

/** The Chromium to use, without installing anything; `undefined` when there is none. */
export function locateBrowser(): string | undefined {
  const wanted = process.env["CAIRN_CHROMIUM"];
  if (wanted !== undefined && wanted !== "") {
    if (isExecutable(wanted)) return wanted;
    throw new Error(`CAIRN_CHROMIUM is ${wanted}, which is not an executable file.`);
  }
  return onSystem() ?? ofPlaywright();
}

function run(command: string, args: string[]): boolean {
  say(`browser: ${command} ${args.join(" ")}`);
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    // Both streams go to stderr: stdout holds nothing but the path.
    execFileSync(command, args, { env, stdio: ["ignore", 2, 2], timeout: 15 * 60_000 });
    return true;
  } catch {
    return false;
  }
}

function installFromDebian(): void {
  if (process.getuid?.() !== 0 || !isExecutable("/usr/bin/apt-get")) return;
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  run("apt-get", [...wait, "update"]);
  run("apt-get", [...wait, "install", "-y", "chromium"]);
}

function installFromPlaywright(): void {
  const cli = join(import.meta.dirname, "../node_modules/@playwright/test/cli.js");
  run(process.execPath, [cli, "install", "chromium"]);
}

/** Like `locateBrowser`, but installs one if it must; throws one helpful line when that fails. */
export function ensureBrowser(): string {
  const found = locateBrowser();
  if (found !== undefined) return found;
  installFromDebian();
  const installed = onSystem();
  if (installed !== undefined) return installed;
  installFromPlaywright();
  const downloaded = ofPlaywright();
  if (downloaded !== undefined) return downloaded;
  throw new Error(
    "No Chromium found and none could be installed: install Chromium or Google Chrome, or set CAIRN_CHROMIUM to its path.",
  );
}

if (import.meta.main) {
  try {
    process.stdout.write(`${ensureBrowser()}\n`);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
