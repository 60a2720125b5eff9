import { connection, row, rows } from "./screen.ts";
import { expect, test } from "./stage.ts";
import { Wire } from "./wire.ts";

const isReplay = (text: string) => /^\{"event_type":"(batch|sync)"/.test(text);

test("what was missed while offline is counted as it comes, and marked as old until then", async ({
  page,
  context,
  stage,
}) => {
  const work = await stage.stateSession("Missed a lot");
  await work.checkpoint("before");
  const wire = await Wire.between(context);
  await stage.signIn(page, work.path);
  await expect(row(page, "before")).toBeVisible();
  await wire.cut();
  await expect(connection(page, "offline")).toBeVisible();
  await expect(page.getByRole("banner")).toContainText(/retry in \d+ s/);
  await expect(page.getByText(/No connection\. What you see is as of/)).toBeVisible();
  for (let at = 0; at < 128; at += 16) {
    const some = Array.from({ length: 16 }, (_, index) => `missed ${at + index + 1}`);
    await Promise.all(some.map((message) => work.checkpoint(message)));
  }
  wire.holdsFromServer = isReplay;
  wire.refuses = false;
  await expect(page.getByRole("banner")).toContainText("0 of 128", { timeout: 20_000 });
  await expect.poll(() => wire.held.length).toBeGreaterThanOrEqual(2);
  wire.release(1);
  await expect(page.getByRole("banner")).toContainText("100 of 128");
  await expect(page.getByText(/is coming in: 100 of 128 events\./)).toBeVisible();
  await expect(row(page, "before")).toHaveCount(0);
  wire.holdsFromServer = () => false;
  wire.release();
  await expect(connection(page, "live")).toBeVisible();
  await expect(page.getByText(/is coming in/)).toHaveCount(0);
  await expect(page.getByText("129 checkpoints")).toBeVisible();
  await expect(rows(page).first()).toContainText("you are here");
});

test("an event that does not come is a red rule in the feed until it has; a log that begins anew is said", async ({
  page,
  context,
  stage,
}) => {
  const work = await stage.stateSession("Loses one");
  await work.checkpoint("before");
  const wire = await Wire.between(context);
  await stage.signIn(page, work.path);
  await expect(row(page, "before")).toBeVisible();
  await page.getByRole("button", { name: "Events", exact: true }).click();
  const feed = page.getByRole("log", { name: "Events, newest first" });
  let lost = 0;
  wire.loses = (text) => lost === 0 && text.includes("goes astray") && (lost += 1) > 0;
  await work.checkpoint("goes astray");
  await expect.poll(() => lost).toBe(1);
  wire.holdsFromPage = (text) => text.includes('"subscribe"');
  await work.checkpoint("comes after");
  const rule = feed.getByText("gap: event 3 did not come; asking for it again");
  await expect(rule).toBeVisible();
  expect(await rule.evaluate((each) => getComputedStyle(each).borderTopStyle)).toBe("solid");
  // Nothing is shown out of order meanwhile.
  await expect(row(page, "comes after")).toHaveCount(0);
  wire.holdsFromPage = () => false;
  wire.release();
  await expect(rule).toHaveCount(0);
  await expect(row(page, "goes astray")).toBeVisible();
  await expect(row(page, "comes after")).toBeVisible();
  await expect(feed.getByRole("listitem")).toHaveCount(4);

  // A reader whom the log no longer reaches is told to load afresh.
  await wire.cut();
  await expect(connection(page, "offline")).toBeVisible();
  await work.checkpoint("meanwhile");
  wire.alters = (text) => text.replace('"recovered":true', '"recovered":false');
  wire.refuses = false;
  await expect(connection(page, "resynced")).toBeVisible({ timeout: 20_000 });
  await expect(row(page, "meanwhile")).toBeVisible();
});
