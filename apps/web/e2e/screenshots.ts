// `npm run screenshots`: the pictures of the README, taken of a real session of a real server.
import { mkdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "@playwright/test";
import config from "../../../playwright.config.ts";
import { openDetails, row } from "./screen.ts";
import { Stage, type Work } from "./stage.ts";

const folder = join(import.meta.dirname, "../screenshots");
/** Pictures above this make a clone slow. */
const mostBytes = 200_000;

const widths = { 1440: 900, 390: 844 } as const;
const themes = ["light", "dark"] as const;

const files = {
  ".gitignore": "node_modules/\n*.log\n",
  "package.json": `{\n  "name": "order-book",\n  "version": "0.3.0",\n  "type": "module"\n}\n`,
  "README.md": "# Order book\n\nTakes the orders of a small bakery.\n",
  "src/orders.js":
    "const orders = [];\n\nexport function addOrder(customer, item, count) {\n  orders.push({ customer, item, count });\n}\n\nexport function allOrders() {\n  return orders;\n}\n",
  "src/plan.js":
    "import { allOrders } from './orders.js';\n\nexport function plan() {\n  const totals = {};\n  for (const order of allOrders()) {\n    totals[order.item] = (totals[order.item] || 0) + order.count;\n  }\n  return totals;\n}\n",
  "test/plan.test.js":
    "import assert from 'node:assert';\nimport test from 'node:test';\nimport { addOrder } from '../src/orders.js';\nimport { plan } from '../src/plan.js';\n\ntest('adds up', () => {\n  addOrder('Ana', 'rye', 2);\n  assert.equal(plan().rye, 2);\n});\n",
  "data/prices.csv": "item,price\nrye,3.80\nbaguette,1.40\ncroissant,1.60\n",
};

const ordersChecked = files["src/orders.js"].replace(
  "count) {\n",
  "count) {\n  if (!Number.isInteger(count) || count < 1) {\n    throw new RangeError(`count must be a positive whole number, not ${count}`);\n  }\n",
);
const planner =
  "import { allOrders } from './orders.js';\n\nexport class Planner {\n  totals = new Map();\n\n  run() {\n    allOrders().forEach((order) => this.totals.set(order.item, order.count));\n    return this;\n  }\n}\n";
const planWithRevenue = `${files["src/plan.js"]}\n/** What tomorrow brings in, in euros. */\nexport function revenue(prices) {\n  const sold = Object.entries(plan());\n  return sold.reduce((sum, [item, count]) => sum + count * (prices[item] ?? 0), 0);\n}\n`;

const automatic = (reason: string, tags: string[] = []) => ({
  author: "claude",
  tags,
  trigger: { kind: "automatic" as const, reason },
});
const edit = automatic("tool_call");
const green = automatic("verification_complete", ["green"]);

/** An afternoon's work of an agent and a person, with one wrong turn that was taken back. */
async function work(stage: Stage): Promise<Work> {
  const session = await stage.session("Order book: prices", files, "order-book");
  const { session_id } = session;
  await session.checkpoint("As it was found", {}, { author: "ana", tags: ["start"] });
  const checks = { "src/orders.js": ordersChecked };
  await session.checkpoint("Refuse counts that make no sense", checks, edit);
  const tests = `${files["test/plan.test.js"]}\ntest('refuses half a loaf', () => {\n  assert.throws(() => addOrder('Cleo', 'rye', 0.5), RangeError);\n});\n`;
  const good = await session.checkpoint(
    "tests green: 2 passed",
    { "test/plan.test.js": tests },
    green,
  );
  await stage.call("update_checkpoint", { session_id, checkpoint_id: good, pinned: true });
  const wrong = await session.checkpoint(
    "Make the plan a class",
    { "src/plan.js": planner },
    { ...edit, state: { step: 4, plan: ["class Planner", "keep totals in a Map"] } },
  );
  await session.checkpoint("tests red: 1 failed", {}, automatic("error", ["red"]));
  const note = "It overwrites totals instead of adding them up. Going back.";
  await stage.call("annotate", { session_id, checkpoint_id: wrong, note, severity: "warning" });
  await stage.call("restore", { session_id, checkpoint_id: good });
  const prices =
    "import { readFileSync } from 'node:fs';\n\n/** Price of each item in euros. */\nexport function prices(file = 'data/prices.csv') {\n  const [, ...rows] = readFileSync(file, 'utf8').trim().split('\\n');\n  return Object.fromEntries(rows.map((row) => row.split(',')));\n}\n";
  await session.checkpoint("Read the price list", { "src/prices.js": prices }, edit);
  await session.checkpoint("Say what tomorrow brings in", { "src/plan.js": planWithRevenue }, edit);
  await session.checkpoint("tests green: 3 passed", {}, green);
  session.write({ "data/prices.csv": `${files["data/prices.csv"]}focaccia,4.20\n` });
  await session.checkpoint(
    "Prices of the new season",
    {},
    { author: "ana", tags: ["done", "v0.4"] },
  );
  session.write({ "src/scratch.js": "// half an idea\n", "README.md": "# Order book\n" });
  return session;
}

async function others(stage: Stage): Promise<void> {
  for (const [name, folder, message] of [
    ["Website relaunch", "website", "Before the new fonts"],
    ["Flaky test hunt", "queue", "Seed 4711 fails"],
  ] as const) {
    const other = await stage.session(name, { "notes.txt": `${name}\n`.repeat(900) }, folder);
    await other.checkpoint(message);
  }
  await stage.stateSession("Nightly report");
}

const end = Date.parse("2026-03-10T15:12:40.000Z");
/** Minutes between one checkpoint and the next, from the newest back. */
const gaps = [2, 4, 9, 3, 7, 1, 6, 4, 11, 5, 47, 95];

/** Stretches the seconds in which it was made to an afternoon; the same in every run. */
async function stretch(stage: Stage): Promise<(frame: string) => string> {
  const { sessions } = await stage.call("list_sessions", {});
  const stamps: string[] = [];
  for (const { session_id } of sessions) {
    const { checkpoints } = await stage.call("list_checkpoints", { session_id });
    stamps.push(...checkpoints.map((each) => each.created_at));
  }
  stamps.sort();
  const toTime = (stamp: string): string => {
    const newer = stamps.filter((each) => each > stamp).length;
    const minutes = gaps.slice(0, newer + 1).reduce((sum, each) => sum + each, 0);
    return new Date(end - minutes * 60_000).toISOString();
  };
  return (frame) => frame.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, toTime);
}

/** Stands still: nothing fades, nothing loads, no pointer is over anything, no caret blinks. */
async function settle(page: Page): Promise<void> {
  await page.mouse.move(0, 0);
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)));
  });
}

async function take(page: Page, name: string): Promise<void> {
  await settle(page);
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
  const { size } = statSync(path);
  if (size > mostBytes) throw new Error(`${path} has ${size} bytes; at most ${mostBytes}`);
  console.log(`${name}.png  ${Math.round(size / 1000)} kB`);
}

async function picture(
  browser: Browser,
  stage: Stage,
  session: Work,
  colorScheme: (typeof themes)[number],
  width: keyof typeof widths,
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width, height: widths[width] },
    colorScheme,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
    isMobile: width === 390,
    hasTouch: width === 390,
  });
  const toTime = await stretch(stage);
  await context.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => socket.send(toTime(String(message))));
  });
  await context.clock.setFixedTime(end);
  const page = await context.newPage();
  const named = (what: string) => `${what}-${colorScheme}-${width}`;
  await stage.signIn(page);
  await page.getByRole("link", { name: "Order book: prices", exact: true }).waitFor();
  await take(page, named("overview"));

  await page.goto(new URL(session.path, stage.url).href);
  await row(page, "Prices of the new season").waitFor();
  if (width === 390) await take(page, named("timeline"));
  const details = await openDetails(page, "Say what tomorrow brings in");
  await details.getByRole("region", { name: /Changes of/ }).waitFor();
  await take(page, named(width === 390 ? "inspector" : "timeline"));

  await page.goto(new URL(session.path, stage.url).href);
  const older = await openDetails(page, "tests green: 2 passed");
  await older.getByRole("button", { name: "Restore…" }).click();
  const dialog = page.getByRole("dialog", { name: /^Restore to/ });
  await dialog.getByRole("button", { name: /plan\.js/ }).click();
  await dialog.getByRole("region", { name: /Changes of/ }).waitFor();
  await take(page, named("restore"));
  await context.close();
}

const stage = await Stage.open({ root: join(tmpdir(), "ana") });
const browser = await chromium.launch(config.use?.launchOptions ?? {});
try {
  await others(stage);
  const session = await work(stage);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const width of [1440, 390] as const) {
    for (const theme of themes) await picture(browser, stage, session, theme, width);
  }
} finally {
  await browser.close();
  await stage.close();
}
