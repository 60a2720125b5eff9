import { setTimeout as pause } from "node:timers/promises";
import { ProtocolError } from "@cairn/shared/errors";
import type { Page } from "@playwright/test";
import { grid, row, rows } from "./screen.ts";
import { expect, test, type Work } from "./stage.ts";

const mostNodes = 2_500;

const nodes = async (page: Page) =>
  await page.evaluate(() => document.getElementsByTagName("*").length);

/** Checkpoints `name 1` to `name n`, 16 calls at a time; their messages in the order of the log. */
async function burst(work: Work, name: string, from: number, to: number): Promise<void> {
  let next = from;
  // A quick machine makes more than the 1,000 calls a second that an actor may make.
  const made = async (message: string): Promise<void> => {
    try {
      await work.checkpoint(message);
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== "rate_limited") throw error;
      await pause(100);
      await made(message);
    }
  };
  const one = async () => {
    while (next <= to) {
      const at = next;
      next += 1;
      await made(`${name} ${at}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

/** Messages of all rows from the top to the end, scrolling as a person does. */
async function readRows(page: Page): Promise<string[]> {
  const found = new Map<number, string>();
  const total = Number(await grid(page).getAttribute("aria-rowcount"));
  await grid(page).hover();
  await expect
    .poll(
      async () => {
        const seen = await rows(page).evaluateAll((all) =>
          all.map((each) => [
            Number(each.getAttribute("aria-rowindex")),
            each.querySelectorAll("[role=gridcell]")[1]?.textContent ?? "",
          ]),
        );
        for (const [index, message] of seen as [number, string][]) found.set(index, message);
        await page.mouse.wheel(0, 400);
        return found.size;
      },
      { timeout: 45_000, intervals: [50] },
    )
    .toBe(total);
  return [...found.entries()].toSorted(([a], [b]) => a - b).map(([, message]) => message);
}

test("300 checkpoints in a burst are all there, in order, in few nodes", async ({
  page,
  stage,
}) => {
  const work = await stage.stateSession("A burst");
  await work.checkpoint("the first");
  await stage.signIn(page, work.path);
  await expect(row(page, "the first")).toBeVisible();
  await page.evaluate(() => {
    const { dataset } = document.body;
    new MutationObserver(() => {
      const now = document.getElementsByTagName("*").length;
      dataset["mostNodes"] = String(Math.max(now, Number(dataset["mostNodes"] ?? 0)));
    }).observe(document.body, { childList: true, subtree: true });
  });
  await burst(work, "burst", 1, 300);
  await expect(page.getByRole("main").getByText(/^301 checkpoints$/)).toBeVisible();
  const most = Number(await page.locator("body").getAttribute("data-most-nodes"));
  expect(most).toBeGreaterThan(100);
  expect(most).toBeLessThanOrEqual(mostNodes);

  const session = { session_id: work.session_id, limit: 200 };
  const newest = await stage.call("list_checkpoints", session);
  const cursor = newest.next_cursor ?? "";
  const older = await stage.call("list_checkpoints", { ...session, cursor });
  const wanted = [...newest.checkpoints, ...older.checkpoints].map((each) => each.message);
  expect(new Set(wanted).size).toBe(301);
  const shown = await readRows(page);
  expect(shown.map((text) => text.replace(/you are here.*$/, ""))).toEqual(wanted);
  expect(await nodes(page)).toBeLessThanOrEqual(mostNodes);
});

test("scrolling away pauses, counts what comes, and the way back follows again", async ({
  page,
  stage,
}) => {
  const work = await stage.stateSession("Paused");
  await burst(work, "old", 1, 80);
  await stage.signIn(page, work.path);
  await expect(rows(page).first()).toBeVisible();
  await grid(page).hover();
  await page.mouse.wheel(0, 600);
  await expect(page.getByRole("button", { name: "Paused" })).toBeVisible();
  const stands = async () =>
    await rows(page).evaluateAll((all) =>
      all.map((each) => `${each.id} ${Math.round(each.getBoundingClientRect().top)}`),
    );
  const before = await stands();
  await burst(work, "new", 1, 40);
  await expect(page.getByRole("button", { name: "40 new" })).toBeVisible();
  // Not a row moved under the reader's eyes.
  expect(await stands()).toEqual(before);
  await page.getByRole("button", { name: "40 new" }).click();
  await expect(page.getByRole("button", { name: "Following" })).toBeVisible();
  await expect(rows(page).first()).toContainText("new ");
  expect(await grid(page).evaluate((element) => element.scrollTop)).toBe(0);
  await work.checkpoint("the last");
  await expect(rows(page).first()).toContainText("the last");
});

test("a tab that is not looked at counts in its title", async ({ page, stage }) => {
  const work = await stage.stateSession("Hidden");
  await work.checkpoint("one");
  await stage.signIn(page, work.path);
  await expect(row(page, "one")).toBeVisible();
  await expect(page).toHaveTitle("Hidden · Cairn");
  const hide = async (hidden: boolean) =>
    await page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await hide(true);
  await burst(work, "more", 1, 3);
  await expect(page).toHaveTitle("(3) Hidden · Cairn");
  await hide(false);
  await expect(page).toHaveTitle("Hidden · Cairn");
});

test("2,000 checkpoints: the newest come first, the others as one scrolls", async ({
  page,
  stage,
}) => {
  test.setTimeout(120_000);
  const work = await stage.stateSession("Long");
  await burst(work, "row", 1, 2_000);
  let pages = 0;
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      if (String(payload).includes('"list_checkpoints"')) pages += 1;
    }),
  );
  await stage.signIn(page, work.path);
  await expect(rows(page).first()).toBeVisible();
  await expect(grid(page)).toHaveAttribute("aria-rowcount", "2000");
  // What is not looked at is not asked for.
  expect(pages).toBeLessThanOrEqual(2);
  await grid(page).hover();
  await expect
    .poll(
      async () => {
        await page.mouse.wheel(0, 20_000);
        return await rows(page).last().getAttribute("aria-rowindex");
      },
      { timeout: 45_000, intervals: [50] },
    )
    .toBe("2000");
  expect(pages).toBeGreaterThanOrEqual(10);
  expect(pages).toBeLessThanOrEqual(30);
  expect(await nodes(page)).toBeLessThanOrEqual(mostNodes);
  await page.keyboard.press("g");
  await expect(rows(page).first()).toHaveAttribute("aria-rowindex", "1");
});
