import { dialogOf, grid, inspector, openDetails, row, rows } from "./screen.ts";
import { expect, test, three } from "./stage.ts";

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
