import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { row } from "./screen.ts";
import { expect, test } from "./stage.ts";
import { furnish, states } from "./states.ts";

/** What axe finds now, in this theme. */
async function found(page: Page, colorScheme: "light" | "dark"): Promise<string[]> {
  await page.emulateMedia({ colorScheme });
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
  const { violations } = await axe.analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => {
      return `${colorScheme}: ${id}: ${node.target.join(" ")}: ${node.failureSummary ?? ""}`;
    }),
  );
}

/** Names each violation, of both themes, with its elements; empty is what we want. */
async function violations(page: Page): Promise<string[]> {
  return [...(await found(page, "dark")), ...(await found(page, "light"))];
}

test("axe finds nothing on any state of a session's page, light or dark", async ({
  page,
  stage,
}) => {
  test.setTimeout(240_000);
  const work = await furnish(stage);
  await stage.signIn(page, work.path);
  for (const [name, reach] of Object.entries(states)) {
    await test.step(name, async () => {
      await page.goto(new URL(work.path, stage.url).href);
      await reach(page);
      expect.soft(await violations(page), name).toEqual([]);
    });
  }
});

test("axe finds nothing on the other routes, light or dark", async ({ page, ownStage }) => {
  const stage = await ownStage();
  const check = async (name: string) => expect.soft(await violations(page), name).toEqual([]);
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
  await expect(dialog.getByRole("button", { name: "Next" })).toBeDisabled();
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
