import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { connection } from "./screen.ts";
import { expect, test, type Stage } from "./stage.ts";

const signedOut = (page: Page) => page.getByRole("heading", { level: 1, name: "Not signed in" });
const sessions = (page: Page) => page.getByRole("heading", { level: 1, name: "Sessions" });

test("without a key the page says how to get a link, and that way works", async ({
  page,
  stage,
}) => {
  await page.goto(stage.url);
  await expect(signedOut(page)).toBeVisible();
  const command = await page.getByText(/^npm run login$/).innerText();
  // What the command runs, on this server's data folder instead of the usual one.
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>;
  };
  const [program = "", ...args] = (scripts[command.replace("npm run ", "")] ?? "").split(" ");
  expect(program).toBe("node");
  const env = { ...process.env, CAIRN_DATA_DIR: join(stage.root, "data") };
  const link = execFileSync(process.execPath, args, { env, encoding: "utf8" }).trim();

  const submit = page.getByRole("button", { name: "Sign in" });
  await expect(submit).toBeDisabled();
  await page.getByLabel("Or paste the link here").fill(link);
  await submit.click();
  await expect(sessions(page)).toBeVisible();
  await page.reload();
  await expect(sessions(page)).toBeVisible();
});

test("a link works once, and is gone from the address bar and the history", async ({
  page,
  browser,
  stage,
}) => {
  const link = await stage.loginUrl();
  await page.goto(link);
  await expect(sessions(page)).toBeVisible();
  expect(page.url()).toBe(stage.url);
  expect(await page.evaluate(() => history.length)).toBe(2);
  // Neither the code nor the key may stand where another server on this host would get it.
  expect(await page.context().cookies()).toEqual([]);

  const other = await browser.newContext();
  const stranger = await other.newPage();
  await stranger.goto(link);
  await expect(signedOut(stranger)).toBeVisible();
  await expect(stranger.getByRole("alert")).toContainText("used already");
  await expect(stranger.getByRole("alert")).toContainText("npm run login");
  expect(stranger.url()).toBe(stage.url);
  await stranger.getByLabel("Or paste the link here").fill(await stage.loginUrl());
  await stranger.getByRole("button", { name: "Sign in" }).click();
  await expect(sessions(stranger)).toBeVisible();
  await other.close();
});

test("a link that expired says so", async ({ page, stage }) => {
  await page.goto(`${stage.url}#login=long-past-and-forgotten`);
  await expect(signedOut(page)).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("older than 5 minutes");
  await expect(page.getByText(/^npm run login$/)).toBeVisible();
});

async function revokeAll(stage: Stage): Promise<number> {
  const { keys } = await stage.call("list_keys", {});
  for (const { key_id } of keys) {
    expect(await stage.call("revoke_key", { key_id })).toEqual({ revoked: true });
  }
  return keys.length;
}

test("a revoked key signs the page out, with the way back", async ({ page, context, ownStage }) => {
  const stage = await ownStage();
  await stage.signIn(page);
  const second = await context.newPage();
  await second.goto(stage.url);
  await expect(sessions(second)).toBeVisible();
  const { keys } = await stage.call("list_keys", {});
  expect(keys.map((key) => key.label)).toEqual([expect.stringContaining("Chrom")]);

  expect(await revokeAll(stage)).toBe(1);
  for (const each of [page, second]) {
    await expect(signedOut(each)).toBeVisible();
    await expect(each.getByText(/^npm run login$/)).toBeVisible();
  }
  // One tab signs in, the other comes along.
  await page.getByLabel("Or paste the link here").fill(await stage.loginUrl());
  await page.getByRole("button", { name: "Sign in" }).click();
  for (const each of [page, second]) {
    await expect(sessions(each)).toBeVisible();
    await expect(connection(each, "live")).toBeVisible();
  }
});

test("a key that was revoked while the page was closed does not let it in", async ({
  page,
  ownStage,
}) => {
  const stage = await ownStage();
  await stage.signIn(page);
  await page.goto("about:blank");
  await revokeAll(stage);
  await page.goto(stage.url);
  await expect(signedOut(page)).toBeVisible();
  await expect(page.getByText("No session", { exact: false })).toHaveCount(0);
});

test("--auth off needs no key, and the page shows it", async ({ page, ownStage }) => {
  const stage = await ownStage({ args: ["--auth", "off"] });
  await page.goto(stage.server.ready.login_url);
  await expect(sessions(page)).toBeVisible();
  await expect(page.getByRole("banner").getByText("auth off")).toBeVisible();
  await page.setViewportSize({ width: 320, height: 640 });
  await expect(page.getByRole("banner").getByTitle(/--auth off/)).toBeVisible();
  const line = await page.getByText(/^curl -sS/).innerText();
  expect(line).not.toContain("authorization");
});
