import { availableParallelism } from "node:os";
import { defineConfig, devices } from "@playwright/test";
import { locateBrowser } from "./.config/browser.ts";

const executablePath = locateBrowser();
// Workers load this file again; they need not look a second time.
if (executablePath !== undefined) process.env["CAIRN_CHROMIUM"] = executablePath;

const args = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-gpu",
  "--disable-quic",
];
// Chromium's sandbox refuses to start as root.
if (process.getuid?.() === 0) args.push("--no-sandbox");

// Each spec starts its own server on a free port, so there is no `webServer` here.
export default defineConfig({
  testDir: "apps/web/e2e",
  testMatch: "**/*.spec.ts",
  outputDir: "test-results",
  forbidOnly: process.env["CI"] !== undefined,
  retries: 0,
  // Each worker has a server, a browser and folders of its own.
  workers: Math.min(2, availableParallelism()),
  timeout: 120_000,
  // A busy machine is no failure; nothing waits so long when all is well.
  expect: { timeout: 10_000 },
  reporter: "list",
  use: {
    ...devices["Desktop Chrome"],
    locale: "en-GB",
    timezoneId: "UTC",
    colorScheme: "light",
    // The pictures of a trace cost a quarter of the time; what stood on the page is in it without.
    trace: { mode: "retain-on-failure", screenshots: false },
    launchOptions: { args, ...(executablePath === undefined ? {} : { executablePath }) },
  },
});
