import { join } from "node:path";
import type { Page } from "@playwright/test";
import { capturedOf, copyRepository, untouchedOf, workMore, workOn } from "./repository.ts";
import { connection, grid, headRow, notice, openDetails, readFeed, row, rows } from "./screen.ts";
import { expect, test, type Stage } from "./stage.ts";

/**
 * From the reply in the tab that acts to the row in the tab that watches, in ms. How quick it is
 * says the benchmark; here it is sooner than anything that asks now and then would be.
 */
const soon = { timeout: 5_000 };

/** From the first run's form to the session's own page, past the folder picker and the scan. */
async function createSession(page: Page, stage: Stage, folder: string): Promise<string> {
  await page.getByLabel("Folder").fill(stage.root);
  await page.getByRole("button", { name: "Create a session…" }).click();
  const choosing = page.getByRole("dialog", { name: "New session: choose its folder" });
  await choosing.getByRole("option", { name: folder }).click();
  await expect(choosing.getByLabel("Folder", { exact: true })).toHaveValue(
    join(stage.root, folder),
  );
  await choosing.getByRole("button", { name: "Next" }).click();
  const confirming = page.getByRole("dialog", { name: "New session: what it captures" });
  await expect(confirming.getByText(/^Captures [\d,]{3,} files/)).toBeVisible();
  const leftOut = confirming.getByRole("list", { name: "Left out" });
  await expect(leftOut.getByText("debug.log", { exact: true })).toBeVisible();
  await confirming.getByLabel("Name").fill("The repository");
  await confirming.getByRole("button", { name: "Create session" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "The repository" })).toBeVisible();
  return new URL(page.url()).pathname;
}

/** The feed of a page against the server's log: nothing missing, nothing doubled, in order. */
async function feedEqualsLog(pages: Page[], stage: Stage, session_id: string): Promise<void> {
  const { events, head } = await stage.call("list_events", { session_id, limit: 200 });
  expect(events.map((event) => event.seq)).toEqual(Array.from({ length: head }, (_, at) => at + 1));
  const logged = events.map((event) => `${event.seq} ${event.event_type}`).toReversed();
  for (const page of pages) await expect.poll(() => readFeed(page)).toEqual(logged);
}

test("the main job: checkpoint, restore, undo, a second tab, a crash", async ({
  page,
  context,
  ownStage,
}) => {
  test.setTimeout(120_000);
  const stage = await ownStage();
  const folder = join(stage.root, "repository");
  copyRepository(folder);

  await page.goto(stage.server.ready.login_url);
  await expect(page.getByRole("heading", { name: "Keep checkpoints of a folder" })).toBeVisible();
  expect(page.url()).toBe(stage.url);
  const path = await createSession(page, stage, "repository");
  const session_id = path.split("/").at(-1) ?? "";

  const second = await context.newPage();
  await second.goto(new URL(path, stage.url).href);
  await expect(second.getByText("No checkpoints yet")).toBeVisible();

  const first = capturedOf(folder);
  await test.step("checkpoint by button", async () => {
    await page.getByRole("button", { name: "Checkpoint", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Create a checkpoint" });
    await dialog.getByLabel("Message").fill("As it was found");
    await dialog.getByLabel("Tags").fill("start");
    await dialog.getByRole("button", { name: "Create checkpoint" }).click();
    await expect(notice(page, /Checkpoint [0-9a-f]{8} created/)).toBeVisible();
    await expect(row(second, "As it was found")).toBeVisible(soon);
    await expect(row(page, "As it was found")).toContainText("start");
  });

  workOn(folder);
  const worked = capturedOf(folder);
  expect(worked).not.toEqual(first);
  await test.step("checkpoint by keyboard", async () => {
    await page.getByRole("grid").focus();
    await page.keyboard.press("c");
    const dialog = page.getByRole("dialog", { name: "Create a checkpoint" });
    await expect(dialog.getByLabel("Message")).toBeFocused();
    await page.keyboard.type("After the work");
    await page.keyboard.press("Control+Enter");
    await expect(dialog).toBeHidden();
    await expect(row(second, "After the work")).toBeVisible(soon);
    await expect(headRow(second)).toContainText("After the work", soon);
  });

  // Not captured by any checkpoint yet: only the safety checkpoint will hold it.
  workMore(folder);
  const latest = capturedOf(folder);
  const alone = untouchedOf(folder);
  expect(alone.length).toBeGreaterThan(20);

  await test.step("restore the first", async () => {
    const details = await openDetails(page, "As it was found");
    await details.getByRole("button", { name: "Restore…" }).click();
    const dialog = page.getByRole("dialog", { name: /Restore to/ });
    await expect(dialog.getByText("Removed from the folder")).toBeVisible();
    await expect(dialog.getByText("new/deep/file.txt", { exact: true })).toBeVisible();
    await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
    await dialog.getByRole("button", { name: /^Restore \d+ files$/ }).click();
    await expect(notice(page, "Restored to “As it was found”")).toBeVisible();
    await expect(headRow(second)).toContainText("As it was found", soon);
    await expect(rows(second).filter({ hasText: "safety" })).toHaveCount(1, soon);
    expect(capturedOf(folder)).toEqual(first);
    expect(untouchedOf(folder)).toEqual(alone);
  });

  await test.step("undo", async () => {
    await notice(page, "Restored to").getByRole("button", { name: "Undo" }).click();
    await expect(notice(page, "Undone")).toBeVisible();
    await expect(headRow(second)).toContainText("safety", soon);
    expect(capturedOf(folder)).toEqual(latest);
    expect(untouchedOf(folder)).toEqual(alone);
  });
  await feedEqualsLog([page, second], stage, session_id);

  await test.step("kill -9 while checkpoints are being taken", async () => {
    const acknowledged: string[] = [];
    const burst = (async () => {
      for (let at = 1; at <= 200; at += 1) {
        const message = `burst ${at}`;
        const { checkpoint_id } = await stage.call("checkpoint", { session_id, message });
        acknowledged.push(checkpoint_id);
      }
    })().catch(() => "cut");
    await expect(row(second, "burst 5")).toBeVisible({ timeout: 20_000 });
    await stage.server.kill();
    expect(await burst).toBe("cut");
    expect(acknowledged.length).toBeGreaterThanOrEqual(5);
    for (const each of [page, second]) await expect(connection(each, "offline")).toBeVisible();

    await stage.server.start();
    for (const each of [page, second]) {
      await expect(connection(each, "live")).toBeVisible({ timeout: 30_000 });
      await expect(each.getByText("Not signed in")).toHaveCount(0);
    }
    const list = await stage.call("list_checkpoints", { session_id, limit: 200 });
    const kept = list.checkpoints.map((each) => each.checkpoint_id);
    expect(kept).toEqual(expect.arrayContaining(acknowledged));
    const shown = new RegExp(`^${list.total} checkpoints$`);
    for (const each of [page, second]) {
      await expect(each.getByRole("main").getByText(shown)).toBeVisible();
      await expect(rows(each).first()).toContainText(list.checkpoints[0]?.message ?? "");
    }
    await feedEqualsLog([page, second], stage, session_id);
    expect(capturedOf(folder)).toEqual(latest);
  });

  await test.step("both go on", async () => {
    await second.getByRole("grid").focus();
    await second.keyboard.press("c");
    await expect(second.getByLabel("Message")).toBeFocused();
    await second.keyboard.type("After the crash");
    await second.keyboard.press("Control+Enter");
    await expect(notice(second, /Checkpoint [0-9a-f]{8} created/)).toBeVisible();
    await expect(row(page, "After the crash")).toBeVisible(soon);
    await feedEqualsLog([page, second], stage, session_id);
  });
});

test("a row's middle shows its details; Restore stands at its end and moves nothing", async ({
  page,
  stage,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  const work = await stage.session("Where to click");
  const first = await work.checkpoint("First");
  await work.checkpoint("Second", { "a.txt": "two\n" });
  await stage.signIn(page, work.path);
  const older = row(page, "First");
  const places = async () =>
    await older
      .locator("[role=gridcell]:not(.row-action)")
      .evaluateAll((cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().left)));
  await older.waitFor();
  await page.mouse.move(0, 0);
  const before = await places();
  await older.click();
  await expect(page).toHaveURL(new RegExp(`c=${first}`));
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await places()).toEqual(before);

  const dialog = page.getByRole("dialog", { name: /^Restore to/ });
  const box = await older.boundingBox();
  await older.click({ position: { x: (box?.width ?? 0) - 40, y: (box?.height ?? 0) / 2 } });
  await expect(dialog).toContainText("Restore to “First”");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);

  // By keys alone: Tab goes from the list to the chosen row's button.
  await page.mouse.move(0, 0);
  await grid(page).focus();
  await page.keyboard.press("k");
  await page.keyboard.press("Tab");
  const newer = row(page, "Second").getByRole("button", { name: "Restore" });
  await expect(newer).toBeFocused();
  await expect(newer.locator("..")).toHaveCSS("opacity", "1");
  await page.keyboard.press("Enter");
  await expect(dialog).toContainText("Restore to “Second”");
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, viewport: { width: 1440, height: 900 } });

    test("a diff says where its lines go on", async ({ page, stage }) => {
      const long = (word: string) => `${`${word} `.repeat(80)}\n`;
      const work = await stage.session(`Long lines, ${colorScheme}`, { "long.txt": long("one") });
      await work.checkpoint("First");
      await work.checkpoint("Long", { "long.txt": long("two") });
      await work.checkpoint("Short", { "short.txt": "short\n" });
      await stage.signIn(page, work.path);
      const details = await openDetails(page, "Long");
      const diff = details.getByRole("region", { name: /Changes of/ });
      await expect(diff).toContainText("two two");
      const mark = details.locator("[data-cut-off]");
      await expect(mark).toBeVisible();
      const [edge, end] = [await diff.boundingBox(), await mark.boundingBox()];
      expect((end?.x ?? 0) + (end?.width ?? 0)).toBeCloseTo((edge?.x ?? 0) + (edge?.width ?? 0), 0);
      await diff.evaluate((element) => element.scrollTo({ left: element.scrollWidth }));
      await expect(mark).toHaveCount(0);
      await diff.evaluate((element) => element.scrollTo({ left: 0 }));
      await expect(mark).toBeVisible();
      await openDetails(page, "Short");
      await expect(diff).toContainText("short");
      await expect(mark).toHaveCount(0);
    });
  });
}
