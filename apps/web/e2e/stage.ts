// What every spec stands on: a real server on its own data folder, and pages that are signed in.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { test as base, expect, type Page } from "@playwright/test";
import { removeTree, writeTree, type Planted } from "../../runner/src/testing/tree.ts";
import { callOver, post } from "../../server/src/testing/call.ts";
import { spawnServer, type SpawnedServer } from "../../server/src/testing/spawn-server.ts";

interface StageOptions {
  /** Further flags of the server, such as `--auth off`. */
  args?: string[];
  /** The temporary folder, where its path is seen; must not exist. */
  root?: string;
}

/** A server of its own with a temporary folder beside it; `close` leaves nothing behind. */
export class Stage {
  readonly server: SpawnedServer;
  /** Real path of the temporary folder that holds everything. */
  readonly root: string;
  readonly #url: string;
  #folders = 0;
  #frozen: number | null = null;

  private constructor(server: SpawnedServer, root: string) {
    this.server = server;
    this.root = root;
    this.#url = server.url;
  }

  static async open({ args = [], root: wanted }: StageOptions = {}): Promise<Stage> {
    if (wanted !== undefined) mkdirSync(wanted);
    const root = realpathSync(wanted ?? mkdtempSync(join(tmpdir(), "cairn-e2e-")));
    const home = join(root, "home");
    mkdirSync(home);
    const options = { dataDir: join(root, "data"), args, env: { HOME: home } };
    return new Stage(await spawnServer(options), root);
  }

  /** Ends with `/`; the same over restarts. */
  get url(): string {
    return this.#url;
  }

  get token(): string {
    return readFileSync(join(this.root, "data/token"), "utf8").trim();
  }

  /** One call over HTTP with the server's own token. */
  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    return await callOver({ url: this.#url, token: this.token }, method, params);
  }

  /** A fresh link that signs one browser in. */
  async loginUrl(): Promise<string> {
    const reply = await post({ url: this.#url, token: this.token }, "/api/login-code", {});
    const { result } = (await reply.json()) as { result: { login_url: string } };
    return result.login_url;
  }

  /** Opens a path of the page in a browser that has no key yet, and signs it in. */
  async signIn(page: Page, path = "/"): Promise<void> {
    const { hash } = new URL(await this.loginUrl());
    await page.goto(`${new URL(path, this.#url).href}${hash}`);
    await expect(page.getByRole("status").filter({ hasText: /^live$/ })).toBeVisible();
  }

  /** A new folder with these files; its path. */
  folder(planted: Record<string, Planted> = {}, name = this.#nextName()): string {
    const path = join(this.root, name);
    mkdirSync(path);
    writeTree(path, planted);
    return path;
  }

  #nextName(): string {
    this.#folders += 1;
    return `folder-${this.#folders}`;
  }

  /** A session on a new folder with these files. */
  async session(
    name: string,
    planted: Record<string, Planted> = { "a.txt": "one\n" },
    folder = this.#nextName(),
  ): Promise<Work> {
    const workspace = this.folder(planted, folder);
    const { session_id } = await this.call("create_session", { name, workspace });
    return new Work(this, session_id, workspace);
  }

  /** A session that keeps only state. */
  async stateSession(name: string): Promise<Work> {
    const { session_id } = await this.call("create_session", { name });
    return new Work(this, session_id, "");
  }

  /** Stops the server where it is, until `thaw` or `close`. */
  freeze(): void {
    const { pid } = this.server.ready;
    process.kill(pid, "SIGSTOP");
    this.#frozen = pid;
  }

  thaw(): void {
    const pid = this.#frozen;
    this.#frozen = null;
    try {
      if (pid !== null) process.kill(pid, "SIGCONT");
    } catch {
      // It was killed meanwhile.
    }
  }

  async close(): Promise<void> {
    // A test that failed may have left it so, deaf to every other signal.
    this.thaw();
    await this.server.end();
    removeTree(this.root);
  }
}

/** A session and its folder, as a script beside the page works on them. */
export class Work {
  readonly session_id: string;
  readonly workspace: string;
  readonly #stage: Stage;

  constructor(stage: Stage, session_id: string, workspace: string) {
    this.#stage = stage;
    this.session_id = session_id;
    this.workspace = workspace;
  }

  get path(): string {
    return `/s/${this.session_id}`;
  }

  write(planted: Record<string, Planted>): void {
    writeTree(this.workspace, planted);
  }

  read(path: string): string {
    return readFileSync(join(this.workspace, path), "utf8");
  }

  /** Writes files if any are given, then takes a checkpoint; its id. */
  async checkpoint(
    message: string,
    planted: Record<string, Planted> = {},
    more: Partial<Params<"checkpoint">> = {},
  ): Promise<string> {
    const { session_id } = this;
    this.write(planted);
    return (await this.#stage.call("checkpoint", { ...more, session_id, message })).checkpoint_id;
  }
}

/** Three checkpoints, each with a change of its own. */
export async function three(stage: Stage, name: string) {
  const work = await stage.session(name, { "a.txt": "one\n", "b.txt": "b\n" });
  const first = await work.checkpoint("First");
  const second = await work.checkpoint("Second", { "a.txt": "two\n" });
  const third = await work.checkpoint("Third", { "c.txt": "new\n" });
  return { work, first, second, third };
}

// Chromium reports each request that an error status answers, and each refused socket, by itself.
const ofTheNetwork = /^(Failed to load resource|WebSocket connection to)/;

interface Fixtures {
  /** Another server than the shared one: for specs that stop it, or need it empty. */
  ownStage: (options?: StageOptions) => Promise<Stage>;
  /** Errors and policy violations of all pages so far; a test with any fails. */
  complaints: string[];
}

export const test = base.extend<Fixtures, { stage: Stage }>({
  stage: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the parameters' names
    async ({}, provide) => {
      const stage = await Stage.open();
      await provide(stage);
      await stage.close();
    },
    { scope: "worker" },
  ],
  // oxlint-disable-next-line no-empty-pattern -- as above
  ownStage: async ({}, provide) => {
    const opened: Stage[] = [];
    await provide(async (options) => {
      const stage = await Stage.open(options);
      opened.push(stage);
      return stage;
    });
    for (const stage of opened) await stage.close();
  },
  complaints: [
    async ({ context }, provide) => {
      const complaints: string[] = [];
      await context.addInitScript(() => {
        addEventListener("securitypolicyviolation", (event) => {
          const { violatedDirective, blockedURI, sourceFile, lineNumber } = event;
          const what = `${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`;
          console.error(`policy violated: ${what}`);
        });
      });
      context.on("console", (message) => {
        if (message.type() !== "error" || ofTheNetwork.test(message.text())) return;
        complaints.push(message.text());
      });
      context.on("weberror", (error) => complaints.push(String(error.error())));
      await provide(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
