import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Page } from "@playwright/test";
import { dialogOf, openDetails, row, rows } from "./screen.ts";
import { expect, test, type Stage } from "./stage.ts";

async function settings(page: Page, tab: string) {
  await page.getByRole("button", { name: "Session actions" }).click();
  await page.getByRole("menuitem", { name: "Settings…" }).click();
  const dialog = dialogOf(page, "Session settings");
  await dialog.getByRole("tab", { name: tab }).click();
  return dialog;
}

test("automatic checkpoints and limits are set where mistakes are said, and the next run is seen", async ({
  page,
  stage,
}) => {
  const work = await stage.session("By itself");
  await work.checkpoint("By hand");
  await stage.signIn(page, work.path);
  const dialog = await settings(page, "Automatic");
  await dialog.getByLabel("At an interval, if something changed").check();
  await dialog.getByLabel("Every").fill("0");
  await expect(dialog.getByText("At least 1")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Save settings" })).toBeDisabled();
  await dialog.getByLabel("Every").fill("30");
  await dialog.getByLabel("When changes have come to rest").check();
  await dialog.getByLabel("After").fill("1");
  // Arrow keys walk the tabs.
  await dialog.getByRole("tab", { name: "Automatic" }).focus();
  await page.keyboard.press("End");
  await dialog.getByLabel("One file at most").fill("lots");
  await expect(dialog.getByText("A size such as 500 MB or 20 GB")).toBeVisible();
  await expect(dialog.getByRole("tab", { name: /Limits.*something is wrong/ })).toBeVisible();
  await dialog.getByLabel("One file at most").fill("1.5 GB");
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  const { session } = await stage.call("get_session", { session_id: work.session_id });
  expect(session.settings).toMatchObject({
    auto: { every_minutes: 30, quiet_seconds: 1 },
    limits: { files: 250_000, file_bytes: 1_500_000_000 },
    retention: null,
  });
  await expect(page.getByText(/^Next in 30 min$/).first()).toBeVisible();
  work.write({ "a.txt": "two\n" });
  await expect(rows(page).first()).toContainText("quiet", { timeout: 20_000 });
  await expect(rows(page)).toHaveCount(2);
});

test("rules are tried before they are carried out, and a compaction is taken back by one click", async ({
  page,
  stage,
}) => {
  const work = await stage.session("Too many");
  for (let at = 1; at <= 6; at += 1) {
    await work.checkpoint(`Step ${at}`, { "a.txt": `${at}\n` }, at === 2 ? { tags: ["v1"] } : {});
  }
  await stage.signIn(page, work.path);
  const total = (count: number) => page.getByText(`${count} checkpoints`, { exact: true });
  const dialog = await settings(page, "Retention");
  const rules = dialog.getByLabel("The newest of each of the latest");
  for (const at of [0, 1, 2]) await rules.nth(at).fill("");
  await dialog.getByLabel("The newest", { exact: true }).fill("");
  const look = dialog.getByRole("button", { name: "Show what would go" });
  await expect(look).toBeDisabled();
  await dialog.getByLabel("Do this by itself").check();
  await expect(dialog.getByText("These rules keep nothing.")).toBeVisible();
  await dialog.getByLabel("Do this by itself").uncheck();
  await dialog.getByLabel("The newest", { exact: true }).fill("2");
  await look.click();
  await expect(dialog.getByText("3 of 6 would go, 3 stay.")).toBeVisible();
  const going = dialog.getByRole("list", { name: "Would go" }).getByRole("listitem");
  await expect(going).toHaveCount(3);
  await expect(going.first()).toContainText("Step 4");
  await dialog.getByText(/^Stay/).click();
  const staying = dialog.getByRole("list", { name: "Stay" }).getByRole("listitem");
  await expect(staying.filter({ hasText: "Step 6" })).toContainText("you are here");
  await expect(staying.filter({ hasText: "Step 2" })).toContainText("has a tag");
  // Nothing has happened yet, and other rules need another look.
  await expect(total(6)).toBeVisible();
  const carryOut = dialog.getByRole("button", { name: "Put 3 checkpoints into the trash" });
  await dialog.getByLabel("The newest", { exact: true }).fill("20");
  await expect(carryOut).toHaveCount(0);
  await dialog.getByLabel("The newest", { exact: true }).fill("2");
  await carryOut.click();
  await expect(dialog.getByText("3 checkpoints went into the trash.")).toBeVisible();
  await expect(total(3)).toBeVisible();
  await dialog.getByRole("button", { name: "Undo" }).click();
  await expect(dialog.getByText("They are back.")).toBeVisible();
  await expect(total(6)).toBeVisible();
});

test("what the rules do by themselves says when next, when last and what went, and is taken back", async ({
  page,
  ownStage,
}) => {
  const stage = await ownStage();
  const work = await stage.session("Kept short");
  const { session_id } = work;
  for (let at = 1; at <= 5; at += 1) await work.checkpoint(`Step ${at}`, { "a.txt": `${at}\n` });
  await stage.signIn(page, work.path);
  let dialog = await settings(page, "Retention");
  for (const at of [0, 1, 2]) {
    await dialog.getByLabel("The newest of each of the latest").nth(at).fill("");
  }
  await dialog.getByLabel("The newest", { exact: true }).fill("2");
  await dialog.getByLabel("Do this by itself").check();
  await dialog.getByLabel("Every").fill("1");
  await dialog.getByRole("button", { name: "Save settings" }).click();
  dialog = await settings(page, "Retention");
  await expect(dialog.getByText("Next in 1 h.")).toBeVisible();

  // Two hours go by, as far as the server's own note of it says.
  const db = new DatabaseSync(join(stage.root, "data/cairn.db"));
  db.prepare("update retentions set since = since - ?").run(2 * 3_600_000);
  db.close();
  const { session } = await stage.call("get_session", { session_id });
  await stage.call("update_session", { session_id, settings: session.settings });
  await expect(dialog.getByText(/^Next in 1 h\. Last .*: 3 checkpoints went\.$/)).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(rows(page)).toHaveCount(2);

  // It is not what the key takes back, but it can be named.
  await expect(page.getByRole("button", { name: "Nothing to undo" })).toBeVisible();
  await page.getByRole("button", { name: "Operations" }).click();
  const operations = dialogOf(page, "Operations");
  await operations.getByRole("button", { name: "Undo" }).click();
  await expect(rows(page)).toHaveCount(5);
});

test("a folder over the session's limits says so before and after, and leads to where they are", async ({
  page,
  stage,
}) => {
  const work = await stage.session("Too large", {
    "a.txt": "one\n",
    "b.txt": "b\n",
    "c.txt": "c\n",
  });
  const { session_id } = work;
  await stage.call("update_session", { session_id, settings: { limits: { files: 2 } } });
  await stage.signIn(page, work.path);
  await page.keyboard.press("c");
  const create = dialogOf(page, "Create a checkpoint");
  await expect(create.getByText("3 files, 8 B: over a limit of this session.")).toBeVisible();
  await create.getByRole("button", { name: "Create checkpoint" }).click();
  const alert = create.getByRole("alert");
  await expect(alert).toContainText("limit_reached");
  await expect(alert).toContainText("more than 2 files");
  await alert.getByRole("button", { name: "Raise the limit…" }).click();
  const limits = dialogOf(page, "Session settings");
  await limits.getByLabel("Files at most").fill("1000");
  await limits.getByRole("button", { name: "Save settings" }).click();
  await expect(limits).toHaveCount(0);
  await page.keyboard.press("c");
  await expect(create.getByText("Captures 3 files, 8 B.")).toBeVisible();
  await create.getByRole("button", { name: "Create checkpoint" }).click();
  await expect(rows(page)).toHaveCount(1);
});

/** Turns some bytes of every pack's middle. */
function damage(stage: Stage): void {
  const packs = join(stage.root, "data/store/packs");
  for (const name of readdirSync(packs)) {
    const bytes = readFileSync(join(packs, name));
    const at = Math.floor(bytes.length / 2);
    bytes.set(
      bytes.subarray(at, at + 200).map((byte) => byte ^ 0xff),
      at,
    );
    writeFileSync(join(packs, name), bytes);
  }
}

test("damage is found, named in row, details and restore, whole files come back, and repair heals", async ({
  page,
  ownStage,
}) => {
  const stage = await ownStage();
  const content = randomBytes(400_000);
  const work = await stage.session("Damaged", { "a.txt": "one\n", "big.bin": content });
  await work.checkpoint("Sound at first");
  await work.checkpoint("Later", { "a.txt": "two\n", "big.bin": "small\n" });
  await stage.server.end();
  damage(stage);
  await stage.server.start();
  await stage.signIn(page, work.path);
  await page.getByRole("button", { name: "Session actions" }).click();
  await page.getByRole("menuitem", { name: "Validate…" }).click();
  const dialog = dialogOf(page, "Validate");
  await dialog.getByRole("button", { name: "Validate", exact: true }).click();
  await expect(dialog.getByText(/1 checkpoint of 2 damaged/)).toBeVisible();
  const found = dialog.getByRole("list", { name: "What is damaged" });
  await expect(found).toContainText("big.bin");
  await expect(found).not.toContainText("a.txt");
  await dialog.getByRole("button", { name: "Repair what can be healed" }).click();
  await expect(dialog.getByText(/^Nothing could be healed/)).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(row(page, "Sound at first")).toContainText("damaged");
  await expect(row(page, "Later")).not.toContainText("damaged");

  const details = await openDetails(page, "Sound at first");
  await details.getByRole("button", { name: "Which paths?" }).click();
  await expect(details.getByRole("list", { name: "What is damaged" })).toContainText("big.bin");
  await page.keyboard.press("r");
  const restore = dialogOf(page, /^Restore to/);
  await expect(restore.getByText("1 path left out:")).toBeVisible();
  await restore.getByRole("button", { name: "Restore 1 file" }).click();
  await expect(restore.getByRole("alert")).toContainText("“Sound at first”, except 1 path");
  await restore.getByRole("button", { name: "Close" }).last().click();
  expect(work.read("a.txt")).toBe("one\n");
  expect(work.read("big.bin")).toBe("small\n");

  // A folder that has the content again heals the store.
  writeFileSync(join(work.workspace, "big.bin"), content);
  await details.getByRole("button", { name: "Repair" }).click();
  await expect(row(page, "Sound at first")).not.toContainText("damaged");
  await expect(details.getByText("Some of its content in the store")).toHaveCount(0);
});

test("a full store says what to do, and room is made where it says", async ({ page, ownStage }) => {
  const stage = await ownStage({ args: ["--store-limit", "20MB"] });
  const work = await stage.session("Fills up", { "a.bin": randomBytes(4_000_000) });
  const { session_id } = work;
  for (let at = 1; at <= 4; at += 1) {
    await work.checkpoint(`Fill ${at}`, { "a.bin": randomBytes(4_000_000) });
  }
  work.write({ "a.bin": randomBytes(4_000_000) });
  await stage.signIn(page, work.path);
  await expect(row(page, "Fill 4")).toBeVisible();
  await page.keyboard.press("c");
  const create = dialogOf(page, "Create a checkpoint");
  await create.getByRole("button", { name: "Create checkpoint" }).click();
  const alert = create.getByRole("alert");
  await expect(alert).toContainText("store_full");
  await expect(alert).toContainText("Restore and undo still work");
  await alert.getByRole("button", { name: "Compact…" }).click();
  const rules = dialogOf(page, "Session settings");
  for (const at of [0, 1, 2]) {
    await rules.getByLabel("The newest of each of the latest").nth(at).fill("");
  }
  await rules.getByLabel("The newest", { exact: true }).fill("1");
  await rules.getByRole("button", { name: "Show what would go" }).click();
  await rules.getByRole("button", { name: "Put 3 checkpoints into the trash" }).click();
  await expect(rules.getByText("3 checkpoints went into the trash.")).toBeVisible();
  await rules.getByRole("button", { name: "Cancel" }).click();
  await expect(rows(page)).toHaveCount(1);

  // What is in the trash still takes its space.
  await page.keyboard.press("c");
  await create.getByRole("button", { name: "Create checkpoint" }).click();
  await alert.getByRole("button", { name: "Empty the trash…" }).click();
  const trash = dialogOf(page, "Trash");
  await trash.getByRole("button", { name: "Empty the trash…" }).click();
  await expect(trash.getByRole("button", { name: "Keep them" })).toBeFocused();
  await trash.getByRole("button", { name: "Delete everything for good" }).click();
  await expect(trash.getByText("The trash is empty")).toBeVisible();
  await trash.getByRole("button", { name: "Close" }).last().click();

  await page.getByRole("button", { name: "Store" }).click();
  const store = dialogOf(page, "Store");
  await expect(store.getByRole("meter")).toBeVisible();
  await expect(store.getByText("20 MB", { exact: true })).toBeVisible();
  await expect(store.getByText("1.0 to 1").first()).toBeVisible();
  await store.getByRole("button", { name: "Collect" }).click();
  await expect(store.getByText(/^\d+ MB given back/)).toBeVisible();
  await store.getByRole("button", { name: "Validate everything…" }).click();
  const validate = dialogOf(page, "Validate");
  await validate.getByRole("button", { name: "Validate", exact: true }).click();
  await expect(validate.getByText("1 checkpoint checked: all sound.")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("c");
  await create.getByRole("button", { name: "Create checkpoint" }).click();
  await expect(rows(page)).toHaveCount(2);
  const { session } = await stage.call("get_session", { session_id });
  expect(session.checkpoints).toBe(2);
});
