import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { headRow, inspector, notice, openDetails, row } from "./screen.ts";
import { expect, test } from "./stage.ts";
import { furnish, states } from "./states.ts";

for (const width of [390, 320]) {
  test(`nothing needs to be scrolled sideways at ${width} px`, async ({ page, ownStage }) => {
    const stage = await ownStage();
    await page.setViewportSize({ width, height: 700 });
    const check = async (name: string) => {
      const wide = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        if (scrollWidth > clientWidth) return [`the page: ${scrollWidth} > ${clientWidth}`];
        // What stands beyond the edge cannot be reached, whether or not it can be scrolled to.
        return [...document.querySelectorAll("button, input, h1, h2, [role=dialog]")]
          .filter((each) => each.checkVisibility() && each.closest(".sr-only, pre") === null)
          .filter((each) => {
            const { left, right, width } = each.getBoundingClientRect();
            return width > 1 && (right > clientWidth + 1 || left < -1);
          })
          .map((each) => each.outerHTML.slice(0, 120));
      });
      expect.soft(wide, name).toEqual([]);
    };
    await page.goto(stage.url);
    await page.getByRole("heading", { name: "Not signed in" }).waitFor();
    await check("not signed in");
    await page.goto("about:blank");
    await stage.signIn(page);
    await page.getByRole("heading", { name: "Keep checkpoints" }).waitFor();
    await check("first run");
    const work = await furnish(stage);
    await page.getByRole("link", { name: "Everything", exact: true }).waitFor();
    await check("sessions");
    for (const name of [
      "timeline",
      "inspector with diff",
      "feed",
      "create a checkpoint",
      "restore dialog with a diff",
      "restore dialog, as a copy",
      "session menu",
      "operations",
      "settings",
      "automatic checkpoints, with a mistake",
      "retention, tried",
      "limits",
      "validate",
      "store",
      "trash",
    ]) {
      await page.goto(new URL(work.path, stage.url).href);
      await states[name]?.(page);
      await check(name);
    }
  });
}

test("a session is created and restored by keyboard alone", async ({ page, stage }) => {
  const folder = stage.folder({ "a.txt": "one\n" });
  await stage.signIn(page);
  const { keyboard } = page;
  const name = async () =>
    await page.evaluate(() => {
      const { activeElement: element } = document;
      return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
    });
  const tabTo = async (wanted: string) => {
    for (let presses = 0; presses < 60; presses += 1) {
      await keyboard.press("Tab");
      if ((await name()).startsWith(wanted)) return;
    }
    throw new Error(`Tab never reaches ${wanted}`);
  };
  await tabTo("Session");
  await keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Folder", { exact: true })).toBeFocused();
  await keyboard.press("Control+A");
  await keyboard.type(folder);
  await keyboard.press("Enter");
  const above = dialog.getByRole("navigation", { name: "Folders above" });
  await expect(above).toContainText(basename(folder));
  await expect(dialog.getByText("No folders in here")).toBeVisible();
  await keyboard.press("Enter");
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await expect(dialog.getByText(/^Captures 1 file/)).toBeVisible();
  await keyboard.press("Enter");
  await expect(page.getByText("No checkpoints yet")).toBeVisible();

  await keyboard.press("c");
  await expect(dialog.getByLabel("Message")).toBeFocused();
  await keyboard.type("By keys");
  await keyboard.press("Control+Enter");
  await expect(row(page, "By keys")).toBeVisible();
  await expect(dialog).toBeHidden();
  const session_id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  writeFileSync(join(folder, "a.txt"), "two\n");
  await stage.call("checkpoint", { session_id, message: "By a script" });
  await expect(headRow(page)).toContainText("By a script");

  await keyboard.press("j");
  await keyboard.press("j");
  await keyboard.press("Enter");
  await expect(inspector(page).getByRole("heading", { name: "By keys" })).toBeVisible();
  await keyboard.press("r");
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  const restore = dialog.getByRole("button", { name: "Restore 1 file" });
  await expect(restore).toBeEnabled();
  await keyboard.press("Tab");
  await expect(restore).toBeFocused();
  await keyboard.press("Enter");
  await expect(headRow(page)).toContainText("By keys");
  await expect(dialog).toBeHidden();
  expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("one\n");
  // The keys go on from where they were.
  await keyboard.press("k");
  await expect(inspector(page).getByRole("heading", { name: "By a script" })).toBeVisible();
  await keyboard.press("u");
  await expect(notice(page, "Undone")).toBeVisible();
  expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("two\n");
});

test("keys act on the checkpoint that the sheet of a narrow screen shows", async ({
  page,
  stage,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const work = await stage.session("Narrow keys");
  const { session_id } = work;
  const first = await work.checkpoint("First");
  const second = await work.checkpoint("Second", { "a.txt": "two\n" });
  await work.checkpoint("Third", { "a.txt": "three\n" });
  const shown = async (checkpoint_id: string) =>
    (await stage.call("get_checkpoint", { session_id, checkpoint_id })).checkpoint;
  await stage.signIn(page, work.path);
  const details = await openDetails(page, "Second");
  const { keyboard } = page;
  const dialog = page.getByRole("dialog", { name: /^Restore to/ });

  // Nothing moves or opens out of sight.
  for (const key of ["j", "k", "Home", "f", "c", "Enter"]) await keyboard.press(key);
  await expect(page).toHaveURL(new RegExp(`c=${second}`));
  await keyboard.press("p");
  await expect(details.getByRole("button", { name: "Unpin" })).toBeVisible();
  expect(await shown(second)).toMatchObject({ pinned: true });
  await keyboard.press("r");
  await expect(dialog).toContainText("Restore to “Second”");
  await keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await keyboard.press("t");
  await keyboard.type("green");
  await keyboard.press("Enter");
  await expect.poll(async () => (await shown(second)).tags).toEqual(["green"]);
  await page.getByRole("dialog").focus();
  await keyboard.press("a");
  await expect(details.getByLabel("Add a note")).toBeFocused();

  // What a link in the details leads to is shown, so the keys are about that.
  await details.getByRole("button", { name: /First/ }).click();
  await expect(details.getByRole("heading", { level: 2, name: "First" })).toBeVisible();
  await page.getByRole("dialog").focus();
  await keyboard.press("r");
  await expect(dialog).toContainText("Restore to “First”");
  await keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await keyboard.press("Delete");
  await expect(details.getByText("This checkpoint is in the trash")).toBeVisible();
  await keyboard.press("u");
  await expect(details.getByText("This checkpoint is in the trash")).toHaveCount(0);
  expect(await shown(first)).toMatchObject({ deleted_at: null });
  await keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Following" })).toBeVisible();
});
