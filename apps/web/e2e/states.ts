// Every state of a session's page that looks different, and a session that has something of everything.
import type { Locator, Page } from "@playwright/test";
import { grid, inspector, notice, openDetails, readFeed, row } from "./screen.ts";
import type { Stage } from "./stage.ts";

async function openSettings(page: Page, tab: string): Promise<Locator> {
  await page.getByRole("button", { name: "Session actions" }).click();
  await page.getByRole("menuitem", { name: "Settings…" }).click();
  const dialog = page.getByRole("dialog", { name: "Session settings" });
  await dialog.getByRole("tab", { name: tab }).click();
  return dialog;
}

/** Every state of the page that looks different: how to get there from the session's page. */
export const states: Record<string, (page: Page) => Promise<void>> = {
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
  "automatic checkpoints, with a mistake": async (page) => {
    const dialog = await openSettings(page, "Automatic");
    await dialog.getByLabel("At an interval, if something changed").check();
    await dialog.getByLabel("Every").fill("0");
    await dialog.getByText("At least 1").waitFor();
  },
  "retention, tried": async (page) => {
    const dialog = await openSettings(page, "Retention");
    await dialog.getByRole("button", { name: "Show what would go" }).click();
    await dialog.getByText(/would go, \d+ stay/).waitFor();
  },
  limits: async (page) => void (await openSettings(page, "Limits")),
  "what changed in the folder": async (page) => {
    await grid(page).focus();
    await page.keyboard.press("d");
    await page.getByRole("dialog").getByText("exactly as at that checkpoint").waitFor();
  },
  validate: async (page) => {
    await page.getByRole("button", { name: "Session actions" }).click();
    await page.getByRole("menuitem", { name: "Validate…" }).click();
    await page.getByRole("button", { name: "Validate", exact: true }).click();
    await page.getByText(/checked: all sound/).waitFor();
  },
  store: async (page) => {
    await page.getByRole("button", { name: "Store" }).click();
    await page.getByRole("dialog").getByText("Deduplication").waitFor();
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
export async function furnish(stage: Stage) {
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
