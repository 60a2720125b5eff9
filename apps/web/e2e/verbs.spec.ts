import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { listTree } from "../../runner/src/testing/tree.ts";
import { grid, headRow, inspector, notice, openDetails, row, rows } from "./screen.ts";
import { expect, test, type Stage } from "./stage.ts";

const dialogOf = (page: Page, name: string | RegExp) => page.getByRole("dialog", { name });

/** Three checkpoints, each with a change of its own. */
async function three(stage: Stage, name: string) {
  const work = await stage.session(name, { "a.txt": "one\n", "b.txt": "b\n" });
  const first = await work.checkpoint("First");
  const second = await work.checkpoint("Second", { "a.txt": "two\n" });
  const third = await work.checkpoint("Third", { "c.txt": "new\n" });
  return { work, first, second, third };
}

test("tags, pin and notes are kept, and shown in every tab", async ({ page, context, stage }) => {
  const { work, second } = await three(stage, "Tags and notes");
  await stage.signIn(page, work.path);
  const other = await context.newPage();
  await other.goto(new URL(work.path, stage.url).href);
  await expect(row(other, "Second")).toBeVisible();

  const details = await openDetails(page, "Second");
  await page.keyboard.press("t");
  await expect(details.getByLabel("Add a tag")).toBeFocused();
  await page.keyboard.type("green,v1.0");
  await page.keyboard.press("Enter");
  await expect(row(other, "Second")).toContainText("green");
  await expect(row(other, "Second")).toContainText("v1.0");
  await details.getByRole("button", { name: "Remove tag v1.0" }).click();
  await expect(row(other, "Second")).not.toContainText("v1.0");

  await details.getByRole("button", { name: "Pin", exact: true }).click();
  await expect(row(other, "Second").getByText("pinned")).toBeAttached();
  await expect(details.getByRole("button", { name: "Unpin" })).toBeVisible();

  await grid(page).focus();
  await page.keyboard.press("a");
  await expect(details.getByLabel("Add a note")).toBeFocused();
  await page.keyboard.type("Look at this again");
  await details.getByLabel("critical").check();
  await details.getByRole("button", { name: "Add note" }).click();
  const note = details.getByRole("listitem").filter({ hasText: "Look at this again" });
  await expect(note).toContainText("critical");
  const { checkpoint } = await stage.call("get_checkpoint", {
    session_id: work.session_id,
    checkpoint_id: second,
  });
  expect(checkpoint).toMatchObject({ tags: ["green"], pinned: true, max_severity: "critical" });
  await expect(row(other, "Second").getByText("critical note")).toBeAttached();
  await expect(row(other, "Third").getByText("note")).toHaveCount(0);
  expect(checkpoint.annotations.map((each) => each.note)).toEqual(["Look at this again"]);
  await note.getByRole("button", { name: "Delete this note" }).click();
  await expect(note).toHaveCount(0);
  await expect(row(other, "Second").getByText("critical note")).toHaveCount(0);
});

test("delete goes to the trash; its undo, and undelete there, bring it back", async ({
  page,
  stage,
}) => {
  const { work } = await three(stage, "Deletes");
  await stage.signIn(page, work.path);
  await openDetails(page, "Second");
  await inspector(page).getByRole("button", { name: "Delete", exact: true }).click();
  await expect(row(page, "Second")).toHaveCount(0);
  await expect(inspector(page).getByText("This checkpoint is in the trash")).toBeVisible();
  await notice(page, "is in the trash").getByRole("button", { name: "Undo" }).click();
  await expect(row(page, "Second")).toBeVisible();
  await expect(inspector(page).getByText("This checkpoint is in the trash")).toHaveCount(0);

  await grid(page).focus();
  await page.keyboard.press("Delete");
  await expect(row(page, "Second")).toHaveCount(0);
  await page.getByRole("button", { name: "Session actions" }).click();
  await page.getByRole("menuitem", { name: "Trash of this session" }).click();
  const trash = dialogOf(page, "Trash");
  const entry = trash.getByRole("listitem").filter({ hasText: "Second" });
  await entry.getByRole("button", { name: "Undelete" }).click();
  await expect(entry).toHaveCount(0);
  await trash.getByRole("button", { name: "Close" }).last().click();
  await expect(row(page, "Second")).toBeVisible();
  await expect(rows(page)).toHaveCount(3);

  // For good needs a second yes.
  await openDetails(page, "First");
  await inspector(page).getByRole("button", { name: "Delete", exact: true }).click();
  await expect(row(page, "First")).toHaveCount(0);
  await page.getByRole("button", { name: "Session actions" }).click();
  await page.getByRole("menuitem", { name: "Trash of this session" }).click();
  const gone = trash.getByRole("listitem").filter({ hasText: "First" });
  await gone.getByRole("button", { name: "Delete for good…" }).click();
  await expect(gone.getByRole("button", { name: "Keep it" })).toBeFocused();
  await gone.getByRole("button", { name: "Delete for good", exact: true }).click();
  await expect(trash.getByText("The trash is empty")).toBeVisible();
  const left = await stage.call("list_trash", { session_id: work.session_id });
  expect(left.checkpoints).toEqual([]);
});

test("undo, redo and the list of operations walk a restore back and forth", async ({
  page,
  stage,
}) => {
  const { work, first } = await three(stage, "Back and forth");
  const now = listTree(work.workspace);
  await stage.signIn(page, work.path);
  await expect(page.getByRole("button", { name: "Nothing to undo" })).toBeDisabled();
  await stage.call("restore", { session_id: work.session_id, checkpoint_id: first });
  const then = listTree(work.workspace);
  expect(then).not.toEqual(now);
  await expect(headRow(page)).toContainText("First");

  await page.getByRole("button", { name: "Undo the restore to “First”" }).click();
  await expect(notice(page, "Undone")).toBeVisible();
  expect(listTree(work.workspace)).toEqual(now);
  await grid(page).focus();
  await page.keyboard.press("Shift+U");
  await expect(notice(page, "Redone")).toBeVisible();
  expect(listTree(work.workspace)).toEqual(then);

  await page.getByRole("button", { name: "Operations" }).click();
  const list = dialogOf(page, "Operations").getByRole("listitem");
  await expect(list).toHaveCount(3);
  await expect(list.nth(0)).toContainText("Redo");
  await expect(list.nth(1)).toContainText("Undo of a restore");
  await expect(list.nth(2)).toContainText("Restore “First”");
  await list.getByRole("button", { name: "Undo" }).click();
  await expect(headRow(page)).toContainText("safety");
  await expect.poll(() => listTree(work.workspace)).toEqual(now);
});

test("restore of chosen files changes only these", async ({ page, stage }) => {
  const { work } = await three(stage, "Chosen files");
  await stage.signIn(page, work.path);
  await openDetails(page, "First");
  await page.keyboard.press("r");
  const dialog = dialogOf(page, /^Restore to/);
  await expect(dialog.getByText("2 files change")).toBeVisible();
  // A look at what would be lost.
  await dialog.getByRole("button", { name: /a\.txt/ }).click();
  await expect(dialog.getByRole("region", { name: /Changes of a\.txt/ })).toContainText("two");
  await dialog.getByLabel("Restore c.txt").uncheck();
  await dialog.getByRole("button", { name: "Restore 1 file" }).click();
  await expect(notice(page, "Restored to")).toBeVisible();
  expect(work.read("a.txt")).toBe("one\n");
  expect(work.read("c.txt")).toBe("new\n");
});

test("restore as a copy leaves the folder alone", async ({ page, stage }) => {
  const { work } = await three(stage, "As a copy");
  const before = listTree(work.workspace);
  await stage.signIn(page, work.path);
  await openDetails(page, "First");
  await page.keyboard.press("r");
  const dialog = dialogOf(page, /^Restore to/);
  await dialog.getByLabel("As a copy into another folder").check();
  const copy = join(stage.root, "the-copy");
  await dialog.getByLabel("Folder of the copy").fill(copy);
  await dialog.getByRole("button", { name: "Copy 2 files" }).click();
  await expect(notice(page, `Copied to ${copy}`)).toBeVisible();
  expect(listTree(work.workspace)).toEqual(before);
  expect(listTree(copy).map((line) => line.split(" ")[0])).toEqual(["/", "a.txt", "b.txt"]);
  await expect(headRow(page)).toContainText("Third");
});

test("a session is renamed, closed, opened, deleted and taken back", async ({ page, stage }) => {
  const { work } = await three(stage, "Before");
  await stage.signIn(page);
  const open = async (entry: string) => {
    await page.getByRole("button", { name: /^Actions for (Before|After)$/ }).click();
    await page.getByRole("menuitem", { name: entry }).click();
  };
  await open("Rename…");
  const dialog = dialogOf(page, "Rename session");
  await dialog.getByLabel("Name").fill("After");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByRole("link", { name: "After", exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "Before", exact: true })).toHaveCount(0);

  await open("Close (read-only)");
  const line = page.getByRole("row").filter({ hasText: "After" });
  await expect(line).toContainText("closed");
  await line.getByRole("link").click();
  const create = page.getByRole("button", { name: "Checkpoint", exact: true });
  await expect(create).toBeDisabled();
  await create.hover();
  await expect(page.getByRole("tooltip")).toContainText("closed");
  await page.goBack();
  await open("Open again");
  await expect(line).toContainText("open");

  await open("Delete (its files stay)");
  await expect(line).toHaveCount(0);
  const said = notice(page, "“After” is in the trash");
  await said.getByRole("button", { name: "Undo" }).click();
  await expect(line).toBeVisible();
  expect(work.read("a.txt")).toBe("two\n");
  const { session } = await stage.call("get_session", { session_id: work.session_id });
  expect(session).toMatchObject({ name: "After", status: "open", deleted_at: null });
});

test("settings change what the next checkpoint captures", async ({ page, stage }) => {
  const work = await stage.session("Settings", {
    ".gitignore": "*.db\n",
    "a.txt": "one\n",
    "local.db": "data\n",
    "out.log": "log\n",
  });
  const { session_id } = work;
  await work.checkpoint("Before");
  await stage.signIn(page, work.path);
  const open = async () => {
    await page.getByRole("button", { name: "Session actions" }).click();
    await page.getByRole("menuitem", { name: "Settings…" }).click();
  };
  await open();
  const dialog = dialogOf(page, "Session settings");
  await expect(dialog.getByText(/^Captures 3 files/)).toBeVisible();
  await dialog.getByLabel("Name").fill("Set anew");
  await dialog.getByRole("textbox", { name: "Ignore" }).fill("*.log");
  await dialog.getByRole("button", { name: "Look again" }).click();
  await expect(dialog.getByText(/^Captures 2 files/)).toBeVisible();
  await dialog.getByRole("button", { name: "Include local.db" }).click();
  await expect(dialog.getByText(/^Captures 3 files/)).toBeVisible();
  await expect(dialog.getByLabel("Include all the same")).toHaveValue("/local.db");
  await dialog.getByRole("button", { name: "Save settings" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("heading", { level: 1, name: "Set anew" })).toBeVisible();
  const { session } = await stage.call("get_session", { session_id });
  expect(session.settings).toMatchObject({ ignore: ["*.log"], include: ["/local.db"] });

  await work.checkpoint("After");
  const details = await openDetails(page, "After");
  await expect(details.getByRole("button", { name: /local\.db/ })).toBeVisible();
  await expect(details.getByRole("button", { name: /out\.log/ })).toBeVisible();
  // Another one's change to what was not touched here is kept.
  await open();
  await stage.call("update_session", { session_id, settings: { ignore: ["*.tmp"] } });
  await dialog.getByLabel("Include all the same").fill("");
  await dialog.getByRole("button", { name: "Save settings" }).click();
  await expect(dialog).toBeHidden();
  const later = await stage.call("get_session", { session_id });
  expect(later.session).toMatchObject({
    name: "Set anew",
    settings: { ignore: ["*.tmp"], include: [] },
  });
});

test("a session is deleted for good from the trash", async ({ page, ownStage }) => {
  const stage = await ownStage();
  const { work } = await three(stage, "Goes for good");
  await three(stage, "Stays here");
  await stage.call("delete_session", { session_id: work.session_id });
  await stage.signIn(page);
  await page.getByRole("button", { name: "Trash", exact: true }).click();
  const trash = dialogOf(page, "Trash");
  const entry = trash.getByRole("listitem").filter({ hasText: "Goes for good" });
  await entry.getByRole("button", { name: "Delete for good…" }).click();
  await expect(entry).toContainText("and its 3 checkpoints will be gone");
  await expect(entry.getByRole("button", { name: "Keep it" })).toBeFocused();
  await entry.getByRole("button", { name: "Delete for good", exact: true }).click();
  await expect(trash.getByText("The trash is empty")).toBeVisible();
  expect((await stage.call("list_trash", {})).sessions).toEqual([]);
  expect(work.read("a.txt")).toBe("two\n");
  await trash.getByRole("button", { name: "Close" }).last().click();
  await expect(page.getByRole("link", { name: "Stays here", exact: true })).toBeVisible();
});

test("the keys move, show, close, follow and tell", async ({ page, stage }) => {
  const { work, first, second, third } = await three(stage, "Keys");
  await stage.signIn(page, work.path);
  await expect(rows(page)).toHaveCount(3);
  const at = (id: string) => expect(page).toHaveURL(new RegExp(`c=${id}`));
  const active = (id: string) =>
    expect(grid(page)).toHaveAttribute("aria-activedescendant", `row-${id}`);
  await page.keyboard.press("j");
  await active(third);
  await page.keyboard.press("j");
  await active(second);
  await page.keyboard.press("Enter");
  await at(second);
  await expect(inspector(page).getByRole("heading", { name: "Second" })).toBeVisible();
  await page.keyboard.press("j");
  await at(first);
  await page.keyboard.press("j");
  await at(first);
  await page.keyboard.press("k");
  await at(second);
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(new URL(work.path, stage.url).href);
  await expect(inspector(page)).toHaveCount(0);

  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: "Paused" })).toBeVisible();
  await work.checkpoint("Fourth", { "d.txt": "d\n" });
  await expect(page.getByRole("button", { name: "1 new" })).toBeVisible();
  await expect(row(page, "Fourth")).toHaveCount(0);
  await page.keyboard.press("g");
  await expect(row(page, "Fourth")).toBeVisible();
  await expect(page.getByRole("button", { name: "Following" })).toBeVisible();

  await page.keyboard.press("?");
  const sheet = dialogOf(page, "Keys");
  await expect(sheet.getByText("Restore", { exact: true })).toBeVisible();
  // Keys do nothing below an open dialog.
  await page.keyboard.press("c");
  await expect(page.getByRole("dialog")).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
  await page.keyboard.press("c");
  await expect(dialogOf(page, "Create a checkpoint")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a link opens the checkpoint and the file; back and forward walk", async ({ page, stage }) => {
  const work = await stage.session("Links", { "a.txt": "one\n", "b.txt": "b\n" });
  const first = await work.checkpoint("First");
  const second = await work.checkpoint("Second", { "a.txt": "two\n", "b.txt": "other\n" });
  await stage.signIn(page, `${work.path}?c=${second}&f=b.txt`);
  const diff = inspector(page).getByRole("region", { name: /Changes of b\.txt/ });
  await expect(diff).toContainText("other");
  await expect(inspector(page).getByRole("heading", { name: "Second" })).toBeVisible();

  await openDetails(page, "First");
  await expect(page).toHaveURL(new RegExp(`c=${first}`));
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`c=${second}&f=b.txt`));
  await expect(diff).toContainText("other");
  await page.goForward();
  await expect(inspector(page).getByRole("heading", { name: "First" })).toBeVisible();
  await page.reload();
  await expect(inspector(page).getByRole("heading", { name: "First" })).toBeVisible();
  await inspector(page).getByRole("button", { name: "Close details" }).click();
  await expect(page.getByRole("region", { name: "Session", exact: true })).toBeVisible();
});

test("the demo shows rows live, and goes with its folder by one click", async ({
  page,
  ownStage,
}) => {
  const stage = await ownStage();
  await stage.signIn(page);
  await page.getByRole("button", { name: "Start a demo session" }).click();
  await expect(row(page, "Project as it was found")).toBeVisible();
  // The agent waits for seconds between its steps.
  await expect(row(page, /refuse counts/)).toBeVisible({ timeout: 15_000 });
  await expect(headRow(page)).toContainText("refuse counts");
  const { sessions } = await stage.call("list_sessions", {});
  const workspace = sessions[0]?.workspace ?? "";
  expect(existsSync(join(workspace, "src/orders.js"))).toBe(true);
  await page.getByRole("button", { name: "Delete it" }).click();
  await expect(page.getByRole("heading", { name: "Keep checkpoints of a folder" })).toBeVisible();
  expect(existsSync(workspace)).toBe(false);
  expect((await stage.call("list_sessions", {})).sessions).toEqual([]);
});

test("the first run's shell line works as it says, and shows at once", async ({
  page,
  ownStage,
}) => {
  const stage = await ownStage();
  const folder = stage.folder({ "a.txt": "one\n" });
  await stage.signIn(page);
  const line = await page.getByText(/^curl -sS/).innerText();
  await expect(page.getByText(/set CAIRN_DATA_DIR to it first/)).toBeVisible();
  // The line reads the token where a server without --data-dir keeps it; this one keeps it
  // elsewhere, for which the page says what to set.
  const share = join(stage.root, "share");
  execFileSync("/bin/sh", [
    "-c",
    `mkdir "$1" && ln -s "$2" "$1/cairn"`,
    "sh",
    share,
    join(stage.root, "data"),
  ]);
  const { CAIRN_DATA_DIR: _, ...clean } = process.env;
  const run = (named: Record<string, string>) =>
    JSON.parse(
      execFileSync("/bin/sh", ["-c", line], {
        cwd: folder,
        env: { ...clean, ...named },
        encoding: "utf8",
      }),
    ) as {
      success: boolean;
      result: { session_id: string; created: boolean };
    };
  const made = run({ XDG_DATA_HOME: share });
  expect(made).toMatchObject({ success: true, result: { created: true } });
  await expect(page.getByRole("link", { name: "folder-1" })).toBeVisible();
  const again = run({ CAIRN_DATA_DIR: join(stage.root, "data") });
  expect(again.result).toMatchObject({ session_id: made.result.session_id, created: false });
});
