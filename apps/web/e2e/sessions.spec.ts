import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dialogOf, headRow, notice, openDetails, row } from "./screen.ts";
import { expect, test, three } from "./stage.ts";

test("a session is renamed, closed, opened, deleted and taken back", async ({ page, stage }) => {
  const { work } = await three(stage, "Before");
  await stage.signIn(page);
  const open = async (entry: string) => {
    await page.getByRole("button", { name: /^Actions for (Before|After)$/ }).click();
    await page.getByRole("menuitem", { name: entry }).click();
  };
  await open("Rename…");
  const dialog = dialogOf(page, "Rename session");
  await dialog.getByLabel("Name").fill("After");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByRole("link", { name: "After", exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "Before", exact: true })).toHaveCount(0);

  await open("Close (read-only)");
  const line = page.getByRole("row").filter({ hasText: "After" });
  await expect(line).toContainText("closed");
  await line.getByRole("link").click();
  const create = page.getByRole("button", { name: "Checkpoint", exact: true });
  await expect(create).toBeDisabled();
  await create.hover();
  await expect(page.getByRole("tooltip")).toContainText("closed");
  await page.goBack();
  await open("Open again");
  await expect(line).toContainText("open");

  await open("Delete (its files stay)");
  await expect(line).toHaveCount(0);
  const said = notice(page, "“After” is in the trash");
  await said.getByRole("button", { name: "Undo" }).click();
  await expect(line).toBeVisible();
  expect(work.read("a.txt")).toBe("two\n");
  const { session } = await stage.call("get_session", { session_id: work.session_id });
  expect(session).toMatchObject({ name: "After", status: "open", deleted_at: null });
});

test("settings change what the next checkpoint captures", async ({ page, stage }) => {
  const work = await stage.session("Settings", {
    ".gitignore": "*.db\n",
    "a.txt": "one\n",
    "local.db": "data\n",
    "out.log": "log\n",
  });
  const { session_id } = work;
  await work.checkpoint("Before");
  await stage.signIn(page, work.path);
  const open = async () => {
    await page.getByRole("button", { name: "Session actions" }).click();
    await page.getByRole("menuitem", { name: "Settings…" }).click();
  };
  await open();
  const dialog = dialogOf(page, "Session settings");
  await expect(dialog.getByText(/^Captures 3 files/)).toBeVisible();
  await dialog.getByLabel("Name").fill("Set anew");
  await dialog.getByRole("textbox", { name: "Ignore" }).fill("*.log");
  await dialog.getByRole("button", { name: "Look again" }).click();
  await expect(dialog.getByText(/^Captures 2 files/)).toBeVisible();
  await dialog.getByRole("button", { name: "Include local.db" }).click();
  await expect(dialog.getByText(/^Captures 3 files/)).toBeVisible();
  await expect(dialog.getByLabel("Include all the same")).toHaveValue("/local.db");
  await dialog.getByRole("button", { name: "Save settings" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("heading", { level: 1, name: "Set anew" })).toBeVisible();
  const { session } = await stage.call("get_session", { session_id });
  expect(session.settings).toMatchObject({ ignore: ["*.log"], include: ["/local.db"] });

  await work.checkpoint("After");
  const details = await openDetails(page, "After");
  await expect(details.getByRole("button", { name: /local\.db/ })).toBeVisible();
  await expect(details.getByRole("button", { name: /out\.log/ })).toBeVisible();
  // Another one's change to what was not touched here is kept.
  await open();
  await stage.call("update_session", { session_id, settings: { ignore: ["*.tmp"] } });
  await dialog.getByLabel("Include all the same").fill("");
  await dialog.getByRole("button", { name: "Save settings" }).click();
  await expect(dialog).toBeHidden();
  const later = await stage.call("get_session", { session_id });
  expect(later.session).toMatchObject({
    name: "Set anew",
    settings: { ignore: ["*.tmp"], include: [] },
  });
});

test("a session is deleted for good from the trash", async ({ page, ownStage }) => {
  const stage = await ownStage();
  const { work } = await three(stage, "Goes for good");
  await three(stage, "Stays here");
  await stage.call("delete_session", { session_id: work.session_id });
  await stage.signIn(page);
  await page.getByRole("button", { name: "Trash", exact: true }).click();
  const trash = dialogOf(page, "Trash");
  const entry = trash.getByRole("listitem").filter({ hasText: "Goes for good" });
  await entry.getByRole("button", { name: "Delete for good…" }).click();
  await expect(entry).toContainText("and its 3 checkpoints will be gone");
  await expect(entry.getByRole("button", { name: "Keep it" })).toBeFocused();
  await entry.getByRole("button", { name: "Delete for good", exact: true }).click();
  await expect(trash.getByText("The trash is empty")).toBeVisible();
  expect((await stage.call("list_trash", {})).sessions).toEqual([]);
  expect(work.read("a.txt")).toBe("two\n");
  await trash.getByRole("button", { name: "Close" }).last().click();
  await expect(page.getByRole("link", { name: "Stays here", exact: true })).toBeVisible();
});

test("the demo shows rows live, and goes with its folder by one click", async ({
  page,
  ownStage,
}) => {
  const stage = await ownStage();
  await stage.signIn(page);
  await page.getByRole("button", { name: "Start a demo session" }).click();
  await expect(row(page, "Project as it was found")).toBeVisible();
  // The agent waits for seconds between its steps.
  await expect(row(page, /refuse counts/)).toBeVisible({ timeout: 15_000 });
  await expect(headRow(page)).toContainText("refuse counts");
  const { sessions } = await stage.call("list_sessions", {});
  const workspace = sessions[0]?.workspace ?? "";
  expect(existsSync(join(workspace, "src/orders.js"))).toBe(true);
  await page.getByRole("button", { name: "Delete it" }).click();
  await expect(page.getByRole("heading", { name: "Keep checkpoints of a folder" })).toBeVisible();
  expect(existsSync(workspace)).toBe(false);
  expect((await stage.call("list_sessions", {})).sessions).toEqual([]);
});

test("the first run's shell line works as it says, and shows at once", async ({
  page,
  ownStage,
}) => {
  const stage = await ownStage();
  const folder = stage.folder({ "a.txt": "one\n" });
  await stage.signIn(page);
  const line = await page.getByText(/^curl -sS/).innerText();
  await expect(page.getByText(/set CAIRN_DATA_DIR to it first/)).toBeVisible();
  // The line reads the token where a server without --data-dir keeps it; this one keeps it
  // elsewhere, for which the page says what to set.
  const share = join(stage.root, "share");
  execFileSync("/bin/sh", [
    "-c",
    `mkdir "$1" && ln -s "$2" "$1/cairn"`,
    "sh",
    share,
    join(stage.root, "data"),
  ]);
  const { CAIRN_DATA_DIR: _, ...clean } = process.env;
  const run = (named: Record<string, string>) =>
    JSON.parse(
      execFileSync("/bin/sh", ["-c", line], {
        cwd: folder,
        env: { ...clean, ...named },
        encoding: "utf8",
      }),
    ) as {
      success: boolean;
      result: { session_id: string; created: boolean };
    };
  const made = run({ XDG_DATA_HOME: share });
  expect(made).toMatchObject({ success: true, result: { created: true } });
  await expect(page.getByRole("link", { name: "folder-1" })).toBeVisible();
  const again = run({ CAIRN_DATA_DIR: join(stage.root, "data") });
  expect(again.result).toMatchObject({ session_id: made.result.session_id, created: false });
});
