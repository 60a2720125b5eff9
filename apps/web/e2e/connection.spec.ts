import type { BrowserContext, WebSocketRoute } from "@playwright/test";
import { connection, row, rows } from "./screen.ts";
import { expect, test } from "./stage.ts";

type Message = string | Buffer;

/** The page's socket in a test's hands: cut, refused, or with frames held back. */
class Wire {
  /** No connection comes about. */
  refuses = false;
  /** Frames that are kept until `release`. */
  holdsFromServer: (text: string) => boolean = () => false;
  holdsFromPage: (text: string) => boolean = () => false;
  /** Frames that never arrive. */
  loses: (text: string) => boolean = () => false;
  /** What arrives instead. */
  alters: (text: string) => string = (text) => text;
  readonly held: (() => void)[] = [];
  readonly #sockets: WebSocketRoute[] = [];
  /** Counts the cuts: what an older connection still brings is lost. */
  #cuts = 0;

  static async between(context: BrowserContext): Promise<Wire> {
    const wire = new Wire();
    await context.routeWebSocket(/\/ws$/, (socket) => wire.#take(socket));
    return wire;
  }

  /** As when the network goes away. */
  async cut(): Promise<void> {
    this.refuses = true;
    this.#cuts += 1;
    for (const socket of this.#sockets.splice(0)) await socket.close({ code: 1001 });
  }

  /** Lets so many held frames go on, all without a number. */
  release(count = this.held.length): void {
    for (const go of this.held.splice(0, count)) go();
  }

  #take(socket: WebSocketRoute): void {
    if (this.refuses) return void socket.close({ code: 1001 });
    this.#sockets.push(socket);
    const server = socket.connectToServer();
    const cuts = this.#cuts;
    socket.onMessage((message: Message) => {
      const go = () => server.send(message);
      if (this.holdsFromPage(String(message))) this.held.push(go);
      else go();
    });
    server.onMessage((message: Message) => {
      const text = this.alters(String(message));
      if (this.loses(text) || cuts < this.#cuts) return;
      if (this.holdsFromServer(text)) this.held.push(() => socket.send(text));
      else socket.send(text);
    });
    return undefined;
  }
}

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
