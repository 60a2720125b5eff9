import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { grid, headRow, inspector, notice, openDetails, readFeed, row } from "./screen.ts";
import { expect, test, type Stage } from "./stage.ts";

/** Names each violation with its elements; empty is what we want. */
async function violations(page: Page, colorScheme: "light" | "dark"): Promise<string[]> {
  // What fades in is judged once it stands: a half-transparent text has no contrast.
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))),
  );
  // Legacy mode is only worse at foreign frames, of which there are none, and takes half the time.
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  // Between the themes only colours differ.
  if (colorScheme === "dark") axe.withRules(["color-contrast", "link-in-text-block"]);
  // An open menu belongs to its button, though it stands at the end of the document.
  else if ((await page.getByRole("menu").count()) > 0) axe.disableRules("region");
  const { violations: found } = await axe.analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary ?? ""}`),
  );
}

/** Every state of the page that looks different: how to get there from the session's page. */
const states: Record<string, (page: Page) => Promise<void>> = {
  timeline: async (page) => await row(page, "Second").waitFor(),
  "timeline, paused with news": async (page) => {
    await grid(page).focus();
    await page.keyboard.press("f");
    await page.getByRole("button", { name: "Paused" }).waitFor();
  },
  "inspector with diff": async (page) => {
    const details = await openDetails(page, "Second");
    await details.getByRole("region", { name: /Changes of/ }).waitFor();
    await details.getByText("Look at this").waitFor();
  },
  feed: async (page) => void (await readFeed(page)),
  "create a checkpoint": async (page) => {
    await page.getByRole("button", { name: "Checkpoint", exact: true }).click();
    await page
      .getByRole("dialog")
      .getByText(/^Captures \d/)
      .waitFor();
  },
  "restore dialog with a diff": async (page) => {
    await openDetails(page, "First");
    await inspector(page).getByRole("button", { name: "Restore…" }).click();
    const dialog = page.getByRole("dialog", { name: /^Restore to/ });
    await dialog.getByRole("button", { name: /a\.txt/ }).click();
    await dialog.getByRole("region", { name: /Changes of/ }).waitFor();
  },
  "restore dialog, as a copy": async (page) => {
    await openDetails(page, "First");
    await inspector(page).getByRole("button", { name: "Restore…" }).click();
    await page.getByLabel("As a copy into another folder").check();
    await page.getByRole("button", { name: /^Copy \d+ file/ }).waitFor();
  },
  "session menu": async (page) => {
    await page.getByRole("button", { name: "Session actions" }).click();
    await page.getByRole("menu").waitFor();
  },
  "row menu": async (page) => {
    await row(page, "Second").getByText("Second", { exact: true }).click({ button: "right" });
    await page.getByRole("menu").waitFor();
  },
  operations: async (page) => {
    await page.getByRole("button", { name: "Operations" }).click();
    await page.getByRole("dialog").getByText("Restore", { exact: true }).waitFor();
  },
  rename: async (page) => {
    await page.getByRole("button", { name: "Session actions" }).click();
    await page.getByRole("menuitem", { name: "Rename…" }).click();
    await page.getByRole("dialog", { name: "Rename session" }).waitFor();
  },
  settings: async (page) => {
    await page.getByRole("button", { name: "Session actions" }).click();
    await page.getByRole("menuitem", { name: "Settings…" }).click();
    const dialog = page.getByRole("dialog", { name: "Session settings" });
    await dialog.getByRole("list", { name: "Left out" }).waitFor();
  },
  trash: async (page) => {
    await page.getByRole("button", { name: "Session actions" }).click();
    await page.getByRole("menuitem", { name: "Trash of this session" }).click();
    await page.getByRole("button", { name: "Delete for good…" }).click();
  },
  keys: async (page) => {
    await grid(page).focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
  },
  notice: async (page) => {
    await openDetails(page, "Spare");
    await inspector(page).getByRole("button", { name: "Delete", exact: true }).click();
    await notice(page, "is in the trash").waitFor();
  },
};

/** A session with something of everything: tags, a note, a pin, a restore, a deleted checkpoint. */
async function furnish(stage: Stage) {
  const work = await stage.session("Everything", { "a.txt": "one\n", "debug.log": "no\n" });
  const { session_id } = work;
  const first = await work.checkpoint("First", { ".gitignore": "*.log\n" });
  const checkpoint_id = await work.checkpoint("Second", { "a.txt": "two\n", "b.txt": "b\n" });
  await stage.call("update_checkpoint", {
    session_id,
    checkpoint_id,
    tags: ["green"],
    pinned: true,
  });
  const note = "Look at this";
  await stage.call("annotate", { session_id, checkpoint_id, note, severity: "warning" });
  await stage.call("restore", { session_id, checkpoint_id: first });
  await stage.call("undo", { session_id });
  await work.checkpoint("Spare", { "c.txt": "c\n" });
  const gone = await work.checkpoint("Gone");
  await stage.call("delete", { session_id, checkpoint_id: gone });
  return work;
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("axe finds nothing on any state of a session's page", async ({ page, stage }) => {
      test.setTimeout(120_000);
      const work = await furnish(stage);
      await stage.signIn(page, work.path);
      for (const [name, reach] of Object.entries(states)) {
        await test.step(name, async () => {
          await page.goto(new URL(work.path, stage.url).href);
          await reach(page);
          expect.soft(await violations(page, colorScheme), name).toEqual([]);
        });
      }
    });

    test("axe finds nothing on the other routes", async ({ page, ownStage }) => {
      const stage = await ownStage();
      const check = async (name: string) =>
        expect.soft(await violations(page, colorScheme), name).toEqual([]);
      await page.goto(stage.url);
      await page.getByRole("heading", { name: "Not signed in" }).waitFor();
      await check("not signed in");
      await page.goto("about:blank");
      await page.goto(`${stage.url}#login=used`);
      await page.getByRole("alert").waitFor();
      await check("a used link");
      await page.goto("about:blank");
      await stage.signIn(page);
      await page.getByRole("heading", { name: "Keep checkpoints" }).waitFor();
      await check("first run");

      const work = await furnish(stage);
      await page.getByRole("link", { name: "Everything", exact: true }).waitFor();
      await check("sessions");
      await page.getByRole("button", { name: "Session", exact: true }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("listbox").waitFor();
      await check("choose a folder");
      await dialog.getByLabel("Folder", { exact: true }).fill(join(stage.root, "nowhere"));
      await dialog.getByRole("button", { name: "Go" }).click();
      await dialog.getByRole("alert").waitFor();
      await check("a folder that is not there");
      await dialog.getByLabel("Folder", { exact: true }).fill(work.workspace);
      await dialog.getByRole("button", { name: "Go" }).click();
      await dialog.getByRole("option").first().waitFor();
      await dialog.getByRole("button", { name: "Next" }).click();
      await dialog.getByRole("list", { name: "Left out" }).waitFor();
      await dialog.getByText("Advanced").click();
      await check("what it captures");
      await dialog.getByRole("button", { name: "Create session" }).click();
      await dialog.getByRole("alert").waitFor();
      await check("overlaps");
      await page.goto(new URL("/nowhere", stage.url).href);
      await page.getByText("There is nothing at this address").waitFor();
      await check("not found");
      await page.goto(new URL("/s/not-an-id", stage.url).href);
      await page.getByText("There is no such session").waitFor();
      await check("no such session");
      await page.goto(new URL(work.path, stage.url).href);
      await row(page, "Second").waitFor();
      await stage.server.end();
      await page.getByText(/No connection\./).waitFor();
      await check("offline");
    });
  });
}

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
