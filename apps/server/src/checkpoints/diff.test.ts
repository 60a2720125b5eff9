import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { methods } from "@cairn/shared/methods";
import type { Params, Result } from "@cairn/shared/methods";
import { startTestService, tester, type TestService } from "../testing/service.ts";

let cairn: TestService;
let folder: string;
let session_id: string;

beforeEach(async () => {
  cairn = await startTestService();
  folder = await cairn.folder();
  ({ session_id } = await cairn.service.create_session({ workspace: folder }, tester));
});
afterEach(() => cairn.stop());

const text = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join("");

async function write(name: string, content: string): Promise<void> {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
  await writeFile(path.join(folder, name), content);
}

async function checkpoint(): Promise<string> {
  const { checkpoint_id } = await cairn.service.checkpoint(
    methods.checkpoint.params.parse({ session_id }),
    tester,
  );
  return checkpoint_id;
}

/** Params and result held to the table, as a boundary does. */
async function diff(params: Omit<Params<"diff">, "session_id">): Promise<Result<"diff">> {
  const parsed = methods.diff.params.parse({ session_id, ...params });
  return methods.diff.result.parse(await cairn.service.diff(parsed, tester));
}

test("a moved file is one entry, by default and not otherwise, also against the folder", async () => {
  await write("old.txt", text);
  const from = await checkpoint();
  await mkdir(path.join(folder, "sub"));
  await rename(path.join(folder, "old.txt"), path.join(folder, "sub/new.txt"));
  await write("sub/new.txt", `${text}more\n`);
  const to = await checkpoint();
  const moved = { path: "sub/new.txt", kind: "renamed", renamed_from: "old.txt", added: 1 };
  expect((await diff({ from, to })).files).toMatchObject([moved]);
  expect((await diff({ from, to: "workspace" })).files).toMatchObject([moved]);
  const { files, hunks } = await diff({ from, to, path: "sub/new.txt" });
  expect(files).toMatchObject([moved]);
  expect(hunks?.[0]?.lines.at(-1)).toBe("+more");
  const apart = await diff({ from, to, renames: false });
  expect(apart.files.map(({ path, kind }) => [path, kind])).toEqual([
    ["old.txt", "removed"],
    ["sub/new.txt", "added"],
  ]);
});

test("white space can be ignored; without, it counts", async () => {
  await write("a.txt", "a b\n");
  const from = await checkpoint();
  await write("a.txt", "a  b\n");
  const to = await checkpoint();
  expect(await diff({ from, to, path: "a.txt", ignore_whitespace: true })).toMatchObject({
    files: [{ kind: "modified", added: 0, removed: 0 }],
    hunks: [],
  });
  expect((await diff({ from, to, path: "a.txt" })).hunks).toHaveLength(1);
});

test("a checkpoint and a plan tell where git stands, in nested repositories too", async () => {
  const at = (digit: string) => `${digit.repeat(40)}\n`;
  await write(".git/HEAD", "ref: refs/heads/main\n");
  await write("nested/.git/HEAD", at("1"));
  await write("nested/a.txt", text);
  const checkpoint_id = await checkpoint();
  const { checkpoint: made } = await cairn.service.get_checkpoint(
    { session_id, checkpoint_id },
    tester,
  );
  expect(made.git).toEqual({
    commit: null,
    branch: "main",
    nested: [{ path: "nested", commit: "1".repeat(40), branch: null }],
  });
  const plan = async () =>
    await cairn.service.plan_restore(
      methods.plan_restore.params.parse({ session_id, checkpoint_id }),
      tester,
    );
  expect((await plan()).warnings).toEqual([]);
  await write("nested/.git/HEAD", at("2"));
  expect((await plan()).warnings).toMatchObject([
    { code: "git_head_differs", message: expect.stringContaining("Git in nested was at 1111") },
  ]);
});
