import { listTree } from "../../runner/src/testing/tree.ts";
import { dialogOf, headRow, notice, openDetails } from "./screen.ts";
import { expect, test } from "./stage.ts";
import { freezeAt, Wire } from "./wire.ts";

/** What a busy machine may take to start again and look at everything. */
const slow = { timeout: 30_000 };

test("a restore that kill -9 cuts is taken back whole at the next start, and then done, with its undo", async ({
  page,
  context,
  ownStage,
}) => {
  const stage = await ownStage();
  const many = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`many/${index}.txt`, `file ${index}\n`]),
  );
  const work = await stage.session("Cut off", { "a.txt": "one\n", ...many });
  await work.checkpoint("Full");
  const after = listTree(work.workspace);
  const { session_id } = work;
  // Everything is another text, so that each file is written.
  const others = Object.keys(many).map((path): [string, string] => [path, "other\n"]);
  await work.checkpoint("Other", Object.fromEntries(others));
  const before = listTree(work.workspace);
  const wire = await Wire.between(context);
  await stage.signIn(page, work.path);
  await openDetails(page, "Full");
  await page.keyboard.press("r");
  const dialog = dialogOf(page, /^Restore to “Full”/);
  const restore = dialog.getByRole("button", { name: "Restore 1,000 files" });
  await expect(restore).toBeEnabled(slow);
  freezeAt(wire, stage, '"kind":"restore"', '"phase":"apply"');
  await restore.click();
  await expect(dialog.getByText(/^Changing files, \d/)).toBeVisible(slow);
  await stage.server.kill();
  const offline = page.getByText(/^No connection\./);
  await expect(offline).toBeVisible(slow);
  await stage.server.start();
  await expect(offline).toHaveCount(0, slow);

  // What was begun was taken back whole; the page's call, sent again, did it anew.
  await expect(dialog).toHaveCount(0, slow);
  await expect(notice(page, "Restored to “Full”")).toBeVisible();
  await expect(headRow(page)).toContainText("Full");
  expect(listTree(work.workspace)).toEqual(after);
  const { operations } = await stage.call("list_operations", { session_id });
  expect(operations.map((each) => [each.kind, each.status])).toEqual([
    ["restore", "done"],
    ["restore", "rolled_back"],
  ]);
  await page.keyboard.press("u");
  await expect(notice(page, "Undone")).toBeVisible(slow);
  expect(listTree(work.workspace)).toEqual(before);
});
