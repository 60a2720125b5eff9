import type { Page } from "@playwright/test";
import { listTree } from "../../runner/src/testing/tree.ts";
import { dialogOf, headRow, notice, row } from "./screen.ts";
import { expect, test, type Stage } from "./stage.ts";
import { freezeAt, Wire } from "./wire.ts";

/** A session whose latest operation, a restore, removed 1,000 files; the folder before and after. */
async function restored(stage: Stage, name: string) {
  const many = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`many/${index}.txt`, `file ${index}\n`]),
  );
  const work = await stage.session(name, { "a.txt": "one\n" });
  const { session_id, workspace } = work;
  const few = await work.checkpoint("Few");
  await work.checkpoint("Full", many);
  const before = listTree(workspace);
  await stage.call("restore", { session_id, checkpoint_id: few });
  return { work, before, after: listTree(workspace) };
}

/** What a busy disk may take for so many files, again and again. */
const slow = { timeout: 30_000 };

const strip = (page: Page) => page.getByRole("region", { name: "Under way" });

test("an undo says how far it is, and is cancelled with nothing half done; so does a redo", async ({
  page,
  context,
  ownStage,
}) => {
  const stage = await ownStage();
  const { work, before, after } = await restored(stage, "Undone halfway");
  const wire = await Wire.between(context);
  await stage.signIn(page, work.path);
  await expect(headRow(page)).toContainText("Few");

  const button = page.getByRole("button", { name: "Undo the restore to “Few”" });
  await expect(button).toBeEnabled();
  freezeAt(wire, stage, '"kind":"undo"', '"phase":"apply"');
  await page.keyboard.press("u");
  await expect(strip(page)).toContainText("Undo the restore to “Few”", slow);
  await expect(strip(page).getByText(/^Changing files, \d+ of \d/)).toBeVisible(slow);
  await expect(button).toHaveAttribute("aria-busy", "true");
  await strip(page).getByRole("button", { name: "Cancel" }).click();
  await expect(strip(page).getByRole("button", { name: "Cancelling…" })).toBeVisible();
  stage.thaw();
  await expect(notice(page, "The undo was cancelled")).toBeVisible(slow);
  await expect(strip(page)).toHaveCount(0);
  expect(listTree(work.workspace)).toEqual(after);

  // What was cancelled can still be done.
  await page.keyboard.press("u");
  await expect(notice(page, "Undone")).toBeVisible(slow);
  expect(listTree(work.workspace)).toEqual(before);

  // With newer edits at stake it asks first, and the same stands in its dialog.
  work.write({ "a.txt": "mine\n" });
  const edited = listTree(work.workspace);
  await page.keyboard.press("Shift+U");
  // Comparing comes first.
  const dialog = dialogOf(page, /^Redo the restore/);
  await dialog.waitFor(slow);
  freezeAt(wire, stage, '"kind":"redo"');
  await dialog.getByRole("button", { name: "Redo", exact: true }).click();
  await expect(dialog.getByRole("progressbar")).toHaveAttribute("aria-valuetext", / files, /, slow);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  stage.thaw();
  await expect(dialog.getByText("The folder is as it was before the redo.")).toBeVisible(slow);
  expect(listTree(work.workspace)).toEqual(edited);
  await dialog.getByRole("button", { name: "Redo", exact: true }).click();
  await expect(dialog).toHaveCount(0, slow);
  expect(listTree(work.workspace)).toEqual(after);
});

test("the newest way back is the only one offered, and says what it is about", async ({
  page,
  stage,
}) => {
  const work = await stage.session("Offers", { "a.txt": "one\n", "b.txt": "b\n" });
  const { session_id } = work;
  await work.checkpoint("First");
  await work.checkpoint("Second", { "a.txt": "two\n", "b.txt": "c\n" });
  const gone = await work.checkpoint("Short-lived");
  await stage.call("delete", { session_id, checkpoint_id: gone });
  await stage.signIn(page, work.path);
  // It is in the trash, and still has a name.
  await expect(
    page.getByRole("button", { name: "Undo the delete of “Short-lived”" }),
  ).toBeVisible();
  await page.getByRole("button", { name: "Operations" }).click();
  const operations = dialogOf(page, "Operations");
  await expect(operations.getByText("“Short-lived”")).toBeVisible();
  await page.keyboard.press("Escape");

  const dialog = dialogOf(page, /^Restore to “First”/);
  const restore = async () => {
    await row(page, "First").click();
    await page.keyboard.press("r");
    await dialog.getByRole("button", { name: /^Restore \d/ }).waitFor();
  };
  await restore();
  await dialog.getByLabel("Restore b.txt").uncheck();
  await dialog.getByRole("button", { name: "Restore 1 file" }).click();
  await expect(notice(page, "Restored to “First”: 1 of 2 files")).toBeVisible();
  await restore();
  await dialog.getByRole("button", { name: "Restore 1 file" }).click();
  await expect(notice(page, /^Restored to “First”Undo/)).toBeVisible();
  await expect(notice(page, "1 of 2 files")).toHaveCount(0);
  await page.keyboard.press("u");
  await expect(notice(page, "Undone")).toBeVisible();
  await expect(notice(page, /^Restored to “First”Undo/)).toHaveCount(0);
  expect([work.read("a.txt"), work.read("b.txt")]).toEqual(["one\n", "c\n"]);
});
