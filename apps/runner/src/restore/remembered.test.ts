import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";

const read = (site: RestoreSite, path: string): string => readFileSync(site.path(path), "utf8");

/** A checkpoint that holds files which today's rules ignore, and a folder in which they differ. */
function site() {
  const made = new RestoreSite();
  made.write({
    "conf/.env": { file: "then", mode: 0o600 },
    "conf/gone": "then",
    "conf/deep/gone": "then",
    "local.db": "then",
    code: "then",
  });
  const target = made.capture();
  made.remove("conf/gone", "conf/deep");
  made.write({
    ".gitignore": "conf/\n*.db\n",
    "conf/.env": { file: "now", mode: 0o640 },
    "conf/other": "never captured",
    "local.db": "now",
    code: "now",
  });
  return { made, target, before: made.list() };
}

test.each([
  [["conf"]],
  [["conf/.env", "conf/gone", "conf/deep/gone", "local.db"]],
  [["conf", "code"]],
])(
  "undo of a restore that named ignored files, %j, is byte-identical, with and without the same paths",
  (paths) => {
    for (const again of [{}, { paths }]) {
      const { made, target, before } = site();
      using _ = made;
      const there = made.restore(target, { paths });
      expect(there.differences).toEqual([]);
      expect([read(made, "conf/gone"), read(made, "conf/deep/gone")]).toEqual(["then", "then"]);
      expect(read(made, "conf/other")).toBe("never captured");
      const restored = made.list();
      const back = made.restore(there.safety, again);
      expect(back.differences).toEqual([]);
      expect(made.list()).toEqual(before);
      const redone = made.restore(back.safety, again);
      expect(made.list()).toEqual(restored);
      made.restore(redone.safety, again);
      expect(made.list()).toEqual(before);
    }
  },
);

test("what a person put into an ignored folder since is left by undo", () => {
  const { made, target, before } = site();
  using _ = made;
  const there = made.restore(target, { paths: ["conf"] });
  made.write({ "conf/deep/mine": "a person's", "conf/mine": "a person's" });
  made.restore(there.safety);
  expect([read(made, "conf/deep/mine"), read(made, "conf/mine")]).toEqual(
    Array.from({ length: 2 }, () => "a person's"),
  );
  made.remove("conf/deep", "conf/mine");
  expect(made.list()).toEqual(before);
});

test("an ignored file that was edited since the restore is in the safety snapshot of the undo", () => {
  const { made, target, before } = site();
  using _ = made;
  const there = made.restore(target, { paths: ["conf/.env", "conf/gone"] });
  made.write({ "conf/gone": "edited", "conf/.env": { file: "edited", mode: 0o600 } });
  const edited = made.list();
  const back = made.restore(there.safety);
  expect(made.list()).toEqual(before);
  made.restore(back.safety);
  expect(made.list()).toEqual(edited);
});

test("undo works where the ignored folder is gone since, and where it is ignored no more", () => {
  const { made, target } = site();
  using _ = made;
  const there = made.restore(target, { paths: ["conf"] });
  made.remove("conf");
  made.restore(there.safety);
  expect(read(made, "conf/.env")).toBe("now");
  expect(existsSync(made.path("conf/gone"))).toBe(false);

  const again = made.restore(target, { paths: ["conf"] });
  made.write({ ".gitignore": "*.db\n" });
  made.restore(again.safety, { paths: ["conf"] });
  expect(read(made, "conf/.env")).toBe("now");
  expect(existsSync(made.path("conf/gone"))).toBe(false);
});

test("a checkpoint that no restore was made for leaves ignored files alone", () => {
  const { made, target, before } = site();
  using _ = made;
  made.restore(target, { paths: ["code"] });
  made.restore(target);
  const ignored = (lines: string[]): string[] =>
    lines.filter((line) => line.startsWith("conf") || line.startsWith("local.db"));
  expect(ignored(made.list())).toEqual(ignored(before));
});
