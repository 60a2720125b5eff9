import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { listTree } from "../../runner/src/testing/tree.ts";
import { connection, grid, headRow, inspector, notice, openDetails, row } from "./screen.ts";
import { expect, test } from "./stage.ts";

test("a folder that is not there is said in the dialog, and can be mended there", async ({
  page,
  stage,
}) => {
  const folder = stage.folder({ "a.txt": "one\n" });
  await stage.signIn(page);
  await page.getByRole("button", { name: "Session", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "New session: choose its folder" });
  const field = dialog.getByLabel("Folder", { exact: true });
  await field.fill(join(stage.root, "nowhere"));
  await dialog.getByRole("button", { name: "Go" }).click();
  await expect(dialog.getByRole("alert")).toContainText("That folder could not be opened");
  await expect(dialog.getByRole("alert")).toContainText("workspace_unavailable");
  await expect(field).toHaveValue(join(stage.root, "nowhere"));
  await expect(dialog.getByRole("button", { name: "Next" })).toBeDisabled();

  await field.fill(folder);
  await field.press("Enter");
  await expect(dialog.getByRole("alert")).toHaveCount(0);
  // Enter once more in the opened path goes on.
  await expect(dialog.getByRole("button", { name: "Next" })).toBeEnabled();
  await field.press("Enter");
  const next = page.getByRole("dialog", { name: "New session: what it captures" });
  await expect(next.getByText(/^Captures 1 file/)).toBeVisible();

  // The folder goes away between the two steps and the last click.
  renameSync(folder, `${folder}-away`);
  await next.getByRole("button", { name: "Create session" }).click();
  await expect(next.getByRole("alert")).toContainText("The session was not created");
  renameSync(`${folder}-away`, folder);
  await next.getByRole("button", { name: "Create session" }).click();
  await expect(page.getByText("No checkpoints yet")).toBeVisible();
});

test("a folder that another session has offers to open that one", async ({ page, stage }) => {
  const work = await stage.session("The first one", { "sub/a.txt": "one\n" });
  await stage.signIn(page);
  await page.getByRole("button", { name: "Session", exact: true }).click();
  const dialog = page.getByRole("dialog");
  const field = dialog.getByLabel("Folder", { exact: true });
  await field.fill(join(work.workspace, "sub"));
  await field.press("Enter");
  await expect(dialog.getByRole("button", { name: "Next" })).toBeEnabled();
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Create session" }).click();
  await expect(dialog.getByRole("alert")).toContainText("workspace_overlaps");
  await dialog.getByRole("button", { name: "Open The first one" }).click();
  await expect(page).toHaveURL(new URL(work.path, stage.url).href);
  await expect(page.getByRole("heading", { level: 1, name: "The first one" })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a folder deleted before a checkpoint says so, and restore brings it back", async ({
  page,
  stage,
}) => {
  const work = await stage.session("Loses its folder", {
    "a.txt": "one\n",
    "bin/run": { file: "#!/bin/sh\n", mode: 0o755 },
    link: { link: "a.txt" },
  });
  await work.checkpoint("Whole");
  const whole = listTree(work.workspace);
  await stage.signIn(page, work.path);
  await expect(row(page, "Whole")).toBeVisible();
  rmSync(work.workspace, { recursive: true });

  const unknown = page.getByRole("button", { name: "changes not known" });
  await unknown.click();
  const changes = page.getByRole("dialog", { name: "What changed in the folder" });
  await expect(changes.getByRole("alert")).toContainText("workspace_unavailable");
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Checkpoint", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Create a checkpoint" });
  await dialog.getByLabel("Message").fill("Of nothing");
  await dialog.getByRole("button", { name: "Create checkpoint" }).click();
  await expect(dialog.getByRole("alert")).toContainText("The checkpoint was not created");
  await expect(dialog.getByRole("alert")).toContainText("workspace_unavailable");
  await expect(dialog.getByLabel("Message")).toHaveValue("Of nothing");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(row(page, "Of nothing")).toHaveCount(0);

  const details = await openDetails(page, "Whole");
  await details.getByRole("button", { name: "Restore…" }).click();
  const restore = page.getByRole("dialog", { name: /Restore to/ });
  await expect(restore.getByText("The folder holds nothing of this checkpoint.")).toBeVisible();
  await restore.getByRole("button", { name: /^Restore \d+ files$/ }).click();
  await expect(notice(page, "Restored to “Whole”")).toBeVisible();
  expect(listTree(work.workspace)).toEqual(whole);
  await expect(page.getByText("no changes since")).toBeVisible();
});

test("a file edited while the restore dialog is open brings a new plan, and is not lost", async ({
  page,
  stage,
}) => {
  const work = await stage.session("Moves");
  await work.checkpoint("First");
  await work.checkpoint("Second", { "a.txt": "two\n" });
  await stage.signIn(page, work.path);
  await openDetails(page, "First");
  await page.keyboard.press("r");
  const dialog = page.getByRole("dialog", { name: /Restore to/ });
  await expect(dialog.getByText("1 file changes")).toBeVisible();

  work.write({ "late.txt": "written while they looked\n" });
  await dialog.getByRole("button", { name: "Restore 1 file" }).click();
  await expect(dialog.getByRole("alert")).toContainText("Files changed while you were looking");
  await expect(dialog.getByText("late.txt", { exact: true }).first()).toBeVisible();
  expect(work.read("a.txt")).toBe("two\n");
  expect(work.read("late.txt")).toBe("written while they looked\n");

  await dialog.getByRole("button", { name: "Restore 2 files" }).click();
  await expect(notice(page, "Restored to “First”")).toBeVisible();
  expect(listTree(work.workspace).map((line) => line.split(" ")[0])).toEqual(["/", "a.txt"]);
  await page.keyboard.press("u");
  await expect(notice(page, "Undone")).toBeVisible();
  expect(work.read("late.txt")).toBe("written while they looked\n");
});

test("an undo that would change newer edits asks first", async ({ page, stage }) => {
  const work = await stage.session("Asks first");
  await work.checkpoint("First");
  await work.checkpoint("Second", { "a.txt": "two\n" });
  const [first] = (
    await stage.call("list_checkpoints", { session_id: work.session_id, order: "asc" })
  ).checkpoints;
  const { session_id } = work;
  await stage.call("restore", { session_id, checkpoint_id: first?.checkpoint_id ?? "" });
  await stage.signIn(page, work.path);
  await expect(headRow(page)).toContainText("First");
  work.write({ "a.txt": "edited since\n" });
  await page.keyboard.press("u");
  const dialog = page.getByRole("dialog", { name: /^Undo the restore/ });
  await expect(dialog.getByText("Files were edited since")).toBeVisible();
  expect(work.read("a.txt")).toBe("edited since\n");
  await dialog.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(dialog).toBeHidden();
  expect(work.read("a.txt")).toBe("two\n");
  const { checkpoints } = await stage.call("list_checkpoints", { session_id });
  const safety = checkpoints.filter((each) => each.trigger.reason === "before_restore");
  expect(safety).toHaveLength(2);
});

test("while the server is stopped the page says so, offers nothing, and comes back by itself", async ({
  page,
  ownStage,
}) => {
  const stage = await ownStage();
  const work = await stage.session("Stops");
  await work.checkpoint("Before the stop");
  await stage.signIn(page, work.path);
  await openDetails(page, "Before the stop");
  // Parts that are drawn later are fetched when the page is idle, for exactly this case.
  await page.waitForFunction(() =>
    performance.getEntriesByType("resource").some(({ name }) => name.includes("/Toaster-")),
  );
  await stage.server.end();

  await expect(connection(page, "offline")).toBeVisible();
  await expect(page.getByText(/No connection\. What you see is as of/)).toBeVisible();
  const create = page.getByRole("button", { name: "Checkpoint", exact: true });
  await expect(create).toBeDisabled();
  await create.hover();
  await expect(page.getByRole("tooltip")).toContainText("Offline: this needs the server");
  const restore = inspector(page).getByRole("button", { name: "Restore…" });
  await expect(restore).toBeDisabled();
  for (const name of ["Pin", "Delete"]) {
    await expect(inspector(page).getByRole("button", { name, exact: true })).toBeDisabled();
  }
  await grid(page).focus();
  await page.keyboard.press("c");
  await expect(notice(page, "Create a checkpoint: not now")).toContainText("Offline");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  // What was on the screen stays readable.
  await expect(row(page, "Before the stop")).toBeVisible();

  await stage.server.start();
  await expect(connection(page, "live")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/No connection\./)).toHaveCount(0);
  await expect(create).toBeEnabled();
  const { checkpoint_id } = await stage.call("checkpoint", {
    session_id: work.session_id,
    message: "After the start",
  });
  await expect(row(page, "After the start")).toBeVisible();
  expect(checkpoint_id).not.toBe("");
});

test("a page opened while the server is stopped fills in by itself", async ({ page, ownStage }) => {
  const stage = await ownStage();
  const work = await stage.session("Opened in the dark");
  await work.checkpoint("There");
  await stage.signIn(page);
  await page.waitForFunction(() =>
    performance.getEntriesByType("resource").some(({ name }) => name.includes("/SessionPage-")),
  );
  await stage.server.end();
  await expect(connection(page, "offline")).toBeVisible();
  await page.getByRole("link", { name: "Opened in the dark" }).click();
  await expect(page.getByText("The server cannot be reached")).toBeVisible();
  await stage.server.start();
  await expect(row(page, "There")).toBeVisible({ timeout: 30_000 });
});

test("links to sessions and checkpoints that do not exist say so", async ({ page, stage }) => {
  const work = await stage.session("Has one");
  await work.checkpoint("The one");
  await stage.signIn(page, `/s/${randomUUID()}`);
  await expect(page.getByText("There is no such session")).toBeVisible();
  await page.goto(new URL("/s/not-an-id", stage.url).href);
  await expect(page.getByText("There is no such session")).toBeVisible();
  await page.goto(new URL("/nowhere", stage.url).href);
  await expect(page.getByText("There is nothing at this address")).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "All sessions" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Sessions" })).toBeVisible();

  await page.goto(new URL(`${work.path}?c=${randomUUID()}`, stage.url).href);
  await expect(row(page, "The one")).toBeVisible();
  await expect(inspector(page).getByRole("alert")).toContainText("checkpoint_not_found");
  await page.goto(new URL(`${work.path}?c=not-an-id`, stage.url).href);
  await expect(inspector(page).getByRole("alert")).toBeVisible();
  await expect(row(page, "The one")).toBeVisible();
});

test("a session deleted elsewhere while it is open says so, and can be taken back", async ({
  page,
  stage,
}) => {
  const work = await stage.session("Goes");
  await work.checkpoint("Kept");
  await stage.signIn(page, work.path);
  await expect(row(page, "Kept")).toBeVisible();
  await stage.call("delete_session", { session_id: work.session_id });
  await expect(page.getByText("This session is in the trash")).toBeVisible();
  await page.getByRole("button", { name: "Take it out" }).click();
  await expect(row(page, "Kept")).toBeVisible();
  expect(readFileSync(join(work.workspace, "a.txt"), "utf8")).toBe("one\n");
});

test("keys typed before a dialog is there go nowhere", async ({ page, stage }) => {
  const work = await stage.session("Quick hands");
  const first = await work.checkpoint("First");
  await work.checkpoint("Second", { "a.txt": "two\n" });
  const { session_id } = work;
  await stage.call("restore", { session_id, checkpoint_id: first });
  const arrived = Promise.withResolvers<void>();
  await page.route(/CreateCheckpointDialog-.*\.js$/, async (route) => {
    await arrived.promise;
    await route.continue();
  });
  await stage.signIn(page, work.path);
  await expect(headRow(page)).toContainText("First");
  await page.keyboard.press("c");
  // Whoever thinks better of it is not surprised by it later.
  const opening = page.getByRole("status").filter({ hasText: "Opening…" });
  await expect(opening).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(opening).toHaveCount(0);
  await page.keyboard.press("c");
  // F would pause, U undo the restore, ? open another dialog.
  await page.keyboard.type("fu?");
  await expect(page.getByRole("button", { name: "Following" })).toBeVisible();
  await expect(opening).toBeVisible();
  arrived.resolve();
  const dialog = page.getByRole("dialog", { name: "Create a checkpoint" });
  await expect(dialog.getByLabel("Message")).toBeFocused();
  await page.keyboard.type("After the crash");
  await expect(dialog.getByLabel("Message")).toHaveValue("After the crash");
  await expect(page.getByRole("dialog")).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  const { operations } = await stage.call("list_operations", { session_id });
  expect(operations.map((each) => each.kind)).toEqual(["restore"]);
  // They are commands again.
  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: "Paused" })).toBeVisible();
});

test("a menu that cannot be fetched leaves its button with the focus, which tries again", async ({
  page,
  stage,
  complaints,
}) => {
  const work = await stage.session("Without its menu");
  const menu = /DropdownMenu-.*\.js$/;
  await page.route(menu, (route) => route.abort());
  await stage.signIn(page, work.path);
  const button = page.getByRole("button", { name: "Session actions" });
  const failed = page.getByRole("alert");
  await button.press("Enter");
  await expect(failed).toContainText("The menu could not be opened");
  await expect(button).toBeFocused();
  await button.press("Enter");
  await expect(failed).toContainText("The menu could not be opened");
  await failed.getByRole("button", { name: "Close" }).press("Enter");
  await expect(failed).toHaveCount(0);
  await expect(button).toBeFocused();
  await page.unroute(menu);
  await button.press("Enter");
  await expect(page.getByRole("menu")).toBeVisible();
  await expect(failed).toHaveCount(0);
  const expected = complaints.filter((each) => each.includes("could not be fetched"));
  expect(expected).toHaveLength(complaints.length);
  complaints.length = 0;
});

test("a part that cannot be fetched fails alone, and Retry brings it", async ({
  page,
  stage,
  complaints,
}) => {
  const work = await stage.session("In parts");
  await work.checkpoint("Stays");
  const sessionPage = /SessionPage-.*\.js$/;
  const parts = /(CreateCheckpointDialog|KeysSheet|Toaster)-.*\.js$/;
  for (const each of [sessionPage, parts]) await page.route(each, (route) => route.abort());
  await stage.signIn(page);
  const failed = page.getByRole("alert");
  await page.getByRole("link", { name: "In parts" }).click();
  await expect(failed).toContainText("This page could not be shown");
  await page.unroute(sessionPage);
  await failed.getByRole("button", { name: "Retry" }).click();
  await row(page, "Stays").waitFor();

  for (const [key, name] of [
    ["c", "Create a checkpoint"],
    ["?", "Keys"],
  ] as const) {
    await page.route(parts, (route) => route.abort());
    await page.keyboard.press(key);
    await expect(failed).toContainText("A part of this page could not be fetched");
    await expect(row(page, "Stays")).toBeVisible();
    await failed.getByRole("button", { name: "Close" }).click();
    await expect(failed).toHaveCount(0);
    await page.keyboard.press(key);
    await expect(failed).toBeVisible();
    await page.unroute(parts);
    await failed.getByRole("button", { name: "Retry" }).click();
    const dialog = page.getByRole("dialog", { name });
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(dialog).toHaveCount(0);
  }

  await page.route(parts, (route) => route.abort());
  await openDetails(page, "Stays");
  await inspector(page).getByRole("button", { name: "Delete", exact: true }).click();
  await expect(failed).toContainText("A notice could not be shown");
  await expect(inspector(page).getByText("This checkpoint is in the trash")).toBeVisible();
  await page.unroute(parts);
  await failed.getByRole("button", { name: "Retry" }).click();
  await notice(page, "is in the trash").getByRole("button", { name: "Undo" }).click();
  await expect(row(page, "Stays")).toBeVisible();

  const expected = complaints.filter((each) => each.includes("could not be fetched"));
  expect(expected).toHaveLength(complaints.length);
  complaints.length = 0;
});
