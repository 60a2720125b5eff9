import { join } from "node:path";
import { listTree } from "../../runner/src/testing/tree.ts";
import { dialogOf, grid, headRow, inspector, notice, openDetails, row, rows } from "./screen.ts";
import { expect, test, three } from "./stage.ts";

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
