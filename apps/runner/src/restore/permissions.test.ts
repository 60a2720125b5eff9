import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { countCalls, crashAt } from "../testing/restore-drills.ts";
import { RestoreCase } from "../testing/restore-case.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { folder } from "../testing/tree.ts";

const nobody = 65_534;

/** Root passes every permission check: as root, the work is done as an unprivileged user. */
function unprivileged(work: () => void): void {
  if (process.getuid?.() !== 0) {
    work();
    return;
  }
  process.seteuid?.(nobody);
  try {
    work();
  } finally {
    process.seteuid?.(0);
  }
}

function giveAway(path: string): void {
  if (process.getuid?.() === 0) execFileSync("chown", ["-hR", `${nobody}:${nobody}`, path]);
}

test("folders without write permission are restored, and keep it", () => {
  using site = new RestoreSite();
  giveAway(site.home);
  unprivileged(() => {
    site.write({
      closed: folder(0o500),
      "closed/a": "then",
      "closed/in": folder(0o555),
      "closed/in/b": "1",
    });
    const first = site.list();
    const target = site.capture();
    chmodSync(site.path("closed"), 0o700);
    chmodSync(site.path("closed/in"), 0o700);
    site.remove("closed/in");
    site.write({ "closed/a": "now", "closed/c": "new", more: folder(0o500), "more/x": "new" });
    chmodSync(site.path("closed"), 0o555);
    const edited = site.list();
    const done = site.restore(target);
    expect(done.differences).toEqual([]);
    expect(site.list()).toEqual(first);
    expect(site.restore(done.safety).status).toBe("restored");
    expect(site.list()).toEqual(edited);
    chmodSync(site.path("closed"), 0o700);
    chmodSync(site.path("more"), 0o700);
  });
});

test("a crash at any call is recovered from without any privilege", () => {
  using drill = new RestoreCase();
  giveAway(drill.site.home);
  unprivileged(() => {
    const wrong: unknown[] = [];
    const calls = countCalls(drill);
    for (let call = 40; call <= calls; call += 3) {
      const verdict = crashAt(drill, call, [1 + ((call * 11) % 80)]);
      if (typeof verdict !== "string") wrong.push([call, verdict.wrong]);
    }
    expect(wrong).toEqual([]);
  });
}, 30_000);

// Nobody else can give a folder away: there, a folder of ours is made writable.
test.skipIf(process.getuid?.() !== 0)(
  "a file whose owner is another and whose folder we may not write in fails without effect",
  () => {
    using site = new RestoreSite();
    site.write({ "theirs/a": "then", mine: "then" });
    const target = site.capture();
    site.write({ "theirs/a": "now", mine: "now" });
    giveAway(site.home);
    chownSync(site.path("theirs"), 1, 1);
    unprivileged(() => {
      const before = site.list();
      expect(() => site.restore(target)).toThrow(
        expect.objectContaining({
          code: "workspace_unavailable",
          message: expect.stringContaining("The folder is as it was before"),
        }),
      );
      expect(site.list()).toEqual(before);
      expect(site.store.journals.list()).toEqual([]);
    });
  },
);

test("files that we may not write are restored, and those that we may not read are left", () => {
  using site = new RestoreSite();
  giveAway(site.home);
  unprivileged(() => {
    site.write({ fixed: { file: "then", mode: 0o444 }, secret: "then", gone: "then", a: "then" });
    const target = site.capture();
    site.remove("gone", "fixed");
    site.write({ fixed: { file: "now", mode: 0o400 }, a: "now", "new/secret": "now" });
    for (const path of ["secret", "new/secret"]) chmodSync(site.path(path), 0o000);
    const { differences } = site.restore(target);
    expect(differences).toEqual([expect.objectContaining({ path: "secret", reason: "skipped" })]);
    for (const path of ["secret", "new/secret"]) chmodSync(site.path(path), 0o600);
    const now = ["fixed", "a", "gone", "secret", "new/secret"].map((path) =>
      readFileSync(site.path(path), "utf8"),
    );
    expect(now).toEqual(["then", "then", "then", "then", "now"]);
    chmodSync(site.path("fixed"), 0o644);
  });
});

test.skipIf(process.getuid?.() !== 0)(
  "a folder of another user, whose mode is to be changed, is named, and nothing has changed",
  () => {
    using site = new RestoreSite();
    site.write({ "theirs/a": "then", mine: "then" });
    const target = site.capture();
    site.write({ "theirs/a": "now", mine: "now" });
    giveAway(site.home);
    // We may write in it, by its group, but not change its mode.
    chownSync(site.path("theirs"), 1, process.getegid?.() ?? 0);
    chmodSync(site.path("theirs"), 0o775);
    unprivileged(() => {
      const before = site.list();
      expect(() => site.restore(target)).toThrow(
        expect.objectContaining({
          code: "workspace_unavailable",
          message: expect.stringContaining('"theirs". The folder is as it was before'),
        }),
      );
      expect(site.list()).toEqual(before);
      expect(site.store.journals.list()).toEqual([]);
    });
  },
);

test.skipIf(process.getuid?.() !== 0)(
  "a closed folder of another user, which we may not make writable, is named, and nothing has changed",
  () => {
    using site = new RestoreSite();
    site.write({ "theirs/a": "then", mine: "then" });
    const target = site.capture();
    site.write({ "theirs/a": "now", mine: "now" });
    giveAway(site.home);
    chownSync(site.path("theirs"), 1, 1);
    chmodSync(site.path("theirs"), 0o555);
    unprivileged(() => {
      const before = site.list();
      expect(() => site.restore(target)).toThrow(
        expect.objectContaining({
          code: "workspace_unavailable",
          message: expect.stringContaining('"theirs". The folder is as it was before'),
        }),
      );
      expect(site.list()).toEqual(before);
      expect(site.store.journals.list()).toEqual([]);
    });
  },
);
