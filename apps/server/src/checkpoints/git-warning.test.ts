import { expect, test } from "vitest";
import { gitWarning } from "./git-warning.ts";

const one = "1".repeat(40);
const two = "2".repeat(40);

test("nothing is said while HEAD is where it was, or where there is no repository", () => {
  const was = { commit: one, branch: "main" };
  expect(gitWarning(was, { commit: one, branch: "other" })).toBeNull();
  expect(gitWarning(null, was)).toBeNull();
  expect(gitWarning(was, null)).toBeNull();
});

test("a plan says where HEAD was and is, and that it stays", () => {
  expect(gitWarning({ commit: one, branch: "main" }, { commit: two, branch: null })).toBe(
    "Git was at main (1111111111) and is now at 2222222222. Files are restored, git is not moved.",
  );
  expect(gitWarning({ commit: null, branch: "new" }, { commit: two, branch: "new" })).toContain(
    "Git was at new (no commit) and is now at new (2222222222).",
  );
});

test("repositories below are told of by name, a few; what came or went is not told of", () => {
  const at = (commit: string, ...paths: string[]) => ({
    commit: one,
    branch: "main",
    nested: paths.map((path) => ({ path, commit, branch: null })),
  });
  expect(gitWarning(at(one, "a", "gone"), at(two, "a", "new"))).toBe(
    "Git in a was at 1111111111 and is now at 2222222222. Files are restored, git is not moved.",
  );
  const names = ["a", "b", "c", "d", "e"];
  const many = gitWarning(at(one, ...names), at(two, ...names));
  expect(many).toContain("Git in c was");
  expect(many).not.toContain("Git in d was");
  expect(many).toContain("2 more repositories have moved.");
  expect(gitWarning(at(one, "a"), at(one, "a"))).toBeNull();
});
