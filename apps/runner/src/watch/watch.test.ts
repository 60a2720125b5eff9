import { randomUUID } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings } from "@cairn/shared/session";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Rules, Runner, WatchHint } from "../runner.ts";
import { removeTree, writeTree } from "../testing/tree.ts";
import { startRunner } from "../worker-runner.ts";

const rules: Rules = defaultSettings;

let home: string;
let workspace: string;
let runner: Runner;

beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "cairn-watch-")));
  workspace = join(home, "work");
  mkdirSync(workspace);
  runner = await startRunner({ dataDir: join(home, "data") });
});

afterEach(async () => {
  await runner.close();
  removeTree(home);
});

/** Hints of the workspace as they come. */
async function listen(): Promise<{
  hints: WatchHint[];
  /** Resolves with the hints after the first `known`, once there is one. */
  more: (known: number) => Promise<WatchHint[]>;
  end: () => Promise<void>;
}> {
  const hints: WatchHint[] = [];
  let heard = (): void => undefined;
  const end = await runner.watch({ workspace, rules }, (hint) => {
    hints.push(hint);
    heard();
  });
  const more = async (known: number): Promise<WatchHint[]> => {
    while (hints.length <= known) await new Promise<void>((resolve) => (heard = resolve));
    return hints.slice(known);
  };
  return { hints, more, end };
}

const capture = (parent: string | null = null) =>
  runner.capture({ pin: randomUUID(), workspace, rules, parent });

test("dirty counts what a checkpoint would call changed, by the same rules", async () => {
  writeTree(workspace, { a: "1", "sub/b": "2", ".gitignore": "*.log\n" });
  const { tree } = await capture();
  expect(await runner.dirty({ workspace, rules, tree })).toEqual({ files: 0, tree });
  writeTree(workspace, { a: "changed", "sub/c": "new", "x.log": "ignored", "empty/": {} });
  rmSync(join(workspace, "sub/b"));
  const dirty = await runner.dirty({ workspace, rules, tree });
  const captured = await capture(tree);
  expect(dirty).toEqual({ files: captured.changed_files, tree: captured.tree });
  expect(dirty.files).toBe(3);
  expect((await runner.dirty({ workspace, rules, tree: null })).files).toBeGreaterThanOrEqual(3);
});

test("dirty gives way to a capture that comes while it looks", async () => {
  writeTree(workspace, { a: "1", b: "2" });
  // Half a minute to read: more than a busy machine needs to hear of it.
  const large = Array.from({ length: 16 }, (_, i) => join(workspace, `large${i}`));
  for (const file of large) {
    writeFileSync(file, "");
    truncateSync(file, 3.9e9);
  }
  let begun = (): void => undefined;
  const looks = new Promise<void>((resolve) => (begun = resolve));
  const look = runner.dirty({ workspace, rules, tree: null }, { onProgress: () => begun() });
  const code = look.then(() => "done").catch((error: { code: string }) => error.code);
  await looks;
  const small = { ...rules, ignore: ["large*"] };
  const { files, tree } = await runner.capture({
    pin: randomUUID(),
    workspace,
    rules: small,
    parent: null,
  });
  expect(await code).toBe("cancelled");
  expect(files).toBe(2);
  expect((await runner.dirty({ workspace, rules: small, tree })).files).toBe(0);
});

test("dirty of a folder that is gone is workspace_unavailable, and works again when it is back", async () => {
  writeTree(workspace, { a: "1" });
  const { tree } = await capture();
  renameSync(workspace, `${workspace}-away`);
  await expect(runner.dirty({ workspace, rules, tree })).rejects.toMatchObject({
    code: "workspace_unavailable",
  });
  renameSync(`${workspace}-away`, workspace);
  expect((await runner.dirty({ workspace, rules, tree })).files).toBe(0);
});

test("a watch hints once it watches, and at each change", async () => {
  const { hints, more, end } = await listen();
  await more(0);
  for (let i = 0; i < 3; i += 1) {
    const known = hints.length;
    writeFileSync(join(workspace, "a"), `${i}`);
    expect((await more(known))[0]).not.toHaveProperty("lost");
  }
  await end();
});

test("what stands in folders made at once is watched too", async () => {
  const { hints, more } = await listen();
  await more(0);
  mkdirSync(join(workspace, "deep/er/still"), { recursive: true });
  // One for the new folder, one when it was begun anew for what stands in it.
  while (hints.length < 3) await more(hints.length);
  const known = hints.length;
  writeFileSync(join(workspace, "deep/er/still/file"), "1");
  expect(await more(known)).not.toHaveLength(0);
});

test("what is left out gives no hint: .git, node_modules, ignored folders", async () => {
  writeTree(workspace, {
    ".gitignore": "out/\n",
    "out/a": "1",
    "node_modules/m/a": "1",
    ".git/x": "",
  });
  const { hints, more } = await listen();
  await more(0);
  const known = hints.length;
  for (const path of ["out/a", "node_modules/m/a", ".git/x"]) {
    writeFileSync(join(workspace, path), "2");
  }
  writeFileSync(join(workspace, "seen"), "1");
  // Events come in order: those of the left-out folders would be in hints of their own before.
  await more(known);
  expect(hints.length).toBe(known + 1);
});

test("a burst is hinted at once and then at most some times a second", async () => {
  const { hints, more } = await listen();
  await more(0);
  const known = hints.length;
  const began = performance.now();
  while (performance.now() - began < 1000) {
    for (let i = 0; i < 50; i += 1) writeFileSync(join(workspace, `f${i}`), String(Math.random()));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await more(known);
  const seconds = (performance.now() - began) / 1000;
  expect(hints.length - known).toBeLessThanOrEqual(2 + seconds * 4);
});

test("a folder that is moved away is lost, with the reason, and watched again when it is back", async () => {
  writeTree(workspace, { a: "1" });
  const { hints, more } = await listen();
  await more(0);
  const known = hints.length;
  renameSync(workspace, `${workspace}-away`);
  const [lost] = await more(known);
  expect(lost?.lost).toMatch(/moved or removed/);
  renameSync(`${workspace}-away`, workspace);
  while (hints.at(-1)?.lost !== undefined) await more(hints.length);
  const back = hints.length;
  writeFileSync(join(workspace, "a"), "2");
  expect((await more(back))[0]).not.toHaveProperty("lost");
});

test("watching a folder that is not there is refused, and the runner goes on", async () => {
  await expect(
    runner.watch({ workspace: join(home, "nothing"), rules }, () => undefined),
  ).rejects.toMatchObject({ code: "workspace_unavailable" });
  await capture();
});
