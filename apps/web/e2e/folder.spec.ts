import { execFileSync } from "node:child_process";
import { ftruncateSync, closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { listTree } from "../../runner/src/testing/tree.ts";
import { dialogOf, headRow, inspector, openDetails, row } from "./screen.ts";
import { expect, test } from "./stage.ts";

test("files changed since are counted live, in the overview too, and shown against the head", async ({
  page,
  context,
  stage,
}) => {
  const work = await stage.session("Moves on", { "a.txt": "one\n", "b.txt": "b\n" });
  await work.checkpoint("Head");
  await stage.signIn(page, work.path);
  await expect(page.getByText("no changes since")).toBeVisible();
  const overview = await context.newPage();
  await overview.goto(stage.url);
  const line = overview.getByRole("row").filter({ hasText: "Moves on" });
  await expect(line).toBeVisible();
  await expect(line).not.toContainText("changed");

  work.write({ "a.txt": "two\n", "new.txt": "new\n" });
  await page.getByRole("button", { name: "2 files changed since" }).click();
  await expect(line).toContainText("2 files changed");
  const dialog = dialogOf(page, "What changed in the folder");
  await expect(dialog.getByText("Since “Head”: 2 files")).toBeVisible();
  await expect(dialog.getByRole("region", { name: /Changes of a\.txt/ })).toContainText("two");
  // What is looked at does not change under the eyes: it says that it is old.
  work.write({ "b.txt": "other\n" });
  await dialog.getByRole("button", { name: "Look again" }).click();
  await expect(dialog.getByRole("button", { name: /b\.txt/ })).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Look again" })).toHaveCount(0);
  await page.keyboard.press("Escape");

  await work.checkpoint("Caught up");
  await expect(page.getByText("no changes since")).toBeVisible();
  await expect(line).not.toContainText("changed");
  await page.keyboard.press("d");
  await expect(dialog.getByText("exactly as at that checkpoint")).toBeVisible();
});

test("work that takes its time shows how far it is, and is cancelled with nothing half done", async ({
  page,
  stage,
}) => {
  const many = Object.fromEntries(
    Array.from({ length: 2_500 }, (_, index) => [`many/${index}.txt`, `file ${index}\n`]),
  );
  const work = await stage.session("Takes long", { "a.txt": "one\n", ...many });
  const { session_id, workspace } = work;
  await work.checkpoint("Full");
  rmSync(join(workspace, "many"), { recursive: true });
  await work.checkpoint("Few");
  const few = listTree(workspace);
  await stage.signIn(page, work.path);

  await openDetails(page, "Full");
  await page.keyboard.press("r");
  const restore = dialogOf(page, /^Restore to/);
  await restore.getByRole("button", { name: "Restore 2,500 files" }).click();
  // A safety checkpoint and a plan of all come first, which takes a busy disk its time.
  await expect(restore.getByText(/^Changing files, \d/)).toBeVisible({ timeout: 30_000 });
  await restore.getByRole("button", { name: "Cancel" }).click();
  const cancelled = restore.getByText("Cancelled. The folder is as it was before");
  await expect(cancelled).toBeVisible({ timeout: 30_000 });
  expect(listTree(workspace)).toEqual(few);
  const { operations } = await stage.call("list_operations", { session_id });
  expect(operations.map((each) => [each.kind, each.status])).toEqual([["restore", "rolled_back"]]);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(inspector(page)).toHaveCount(0);

  // A hole of 3 GB takes no space, and seconds to read.
  const image = openSync(join(workspace, "disk.img"), "w");
  ftruncateSync(image, 3_000_000_000);
  closeSync(image);
  await page.keyboard.press("c");
  const create = dialogOf(page, "Create a checkpoint");
  await create.getByLabel("Message").fill("With the image");
  await create.getByRole("button", { name: "Create checkpoint" }).click();
  await expect(create.getByRole("progressbar")).toHaveAttribute(
    "aria-valuetext",
    /^Saving the folder as it is now,.* [\d.]+ [MG]B$/,
  );
  await create.getByRole("button", { name: "Cancel" }).click();
  const none = create.getByText("Cancelled. No checkpoint was made.");
  await expect(none).toBeVisible({ timeout: 30_000 });
  await expect(create.getByLabel("Message")).toHaveValue("With the image");
  const { checkpoints } = await stage.call("list_checkpoints", { session_id });
  expect(checkpoints.map((each) => each.message)).not.toContain("With the image");
  rmSync(join(workspace, "disk.img"));
  await create.getByRole("button", { name: "Create checkpoint" }).click();
  await expect(headRow(page)).toContainText("With the image");
});

test("a partial checkpoint says so in its row, with the paths it lacks and why, and before a restore", async ({
  page,
  stage,
}) => {
  const work = await stage.session("Partial");
  execFileSync("/bin/sh", ["-c", 'mkfifo "$1"', "sh", join(work.workspace, "queue")]);
  await work.checkpoint("With a pipe");
  rmSync(join(work.workspace, "queue"));
  await work.checkpoint("Without", { "a.txt": "two\n" });
  await stage.signIn(page, work.path);
  await expect(row(page, "With a pipe")).toContainText("partial");
  await expect(row(page, "Without")).not.toContainText("partial");
  const details = await openDetails(page, "With a pipe");
  await expect(details.getByText("1 path could not be read")).toBeVisible();
  await expect(details.getByText("queue a pipe, which is never opened")).toBeVisible();
  await page.keyboard.press("r");
  const dialog = dialogOf(page, /^Restore to/);
  await expect(dialog.getByText(/This checkpoint is partial/)).toBeVisible();
});

test("a moved file is one entry, white space can be left aside, a file comes down as it was", async ({
  page,
  stage,
}) => {
  const text = Array.from({ length: 30 }, (_, index) => `line ${index} of a text\n`).join("");
  const work = await stage.session("Compares", { "src/old.txt": text, "spaces.txt": "a\n  b\n" });
  await work.checkpoint("Before");
  rmSync(join(work.workspace, "src/old.txt"));
  const moved = text.replace("line 3 ", "LINE 3 ");
  await work.checkpoint("After", { "src/new.txt": moved, "spaces.txt": "a\n    b\n" });
  await stage.signIn(page, work.path);
  const details = await openDetails(page, "After");
  const spaces = details.getByRole("button", { name: /spaces\.txt/ });
  await spaces.click();
  await expect(details.getByRole("region", { name: /Changes of spaces/ })).toBeVisible();
  await details.getByLabel("ignore white space").check();
  await expect(details.getByText("Only white space differs.")).toBeVisible();
  await details.getByLabel("ignore white space").uncheck();
  await expect(details.getByRole("region", { name: /Changes of spaces/ })).toBeVisible();

  await details.getByRole("button", { name: /src\/new\.txt.*renamed from.*src\/old\.txt/ }).click();
  await expect(details.getByText("Renamed from src/old.txt.")).toBeVisible();
  await expect(details.getByRole("region", { name: /Changes of src\/new/ })).toContainText("LINE");
  const coming = page.waitForEvent("download");
  await details.getByRole("button", { name: "Download this file" }).click();
  const download = await coming;
  expect(download.suggestedFilename()).toBe("new.txt");
  expect(readFileSync(await download.path(), "utf8")).toBe(moved);
});
