import { symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";
import { openWorkspace } from "./workspace.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

test("folders that Cairn refuses", () => {
  const data = join(site.home, "data");
  const code = (path: string): unknown => {
    try {
      return openWorkspace(path, data);
    } catch (error) {
      return (error as { code: unknown }).code;
    }
  };
  site.write({ file: "x" });
  symlinkSync(data, site.path("sneaky"));
  symlinkSync(site.workspace, join(site.home, "alias"));
  expect(code("/")).toBe("invalid_params");
  expect(code(homedir())).toBe("invalid_params");
  expect(code(dirname(homedir()))).toBe("invalid_params");
  expect(code("relative")).toBe("invalid_params");
  expect(code(site.home)).toBe("invalid_params");
  expect(code(data)).toBe("invalid_params");
  expect(code(site.store.dir)).toBe("invalid_params");
  expect(code(site.path("sneaky"))).toBe("invalid_params");
  expect(code(site.path("file"))).toBe("invalid_params");
  expect(code(site.path("missing"))).toBe("workspace_unavailable");
  expect(code(join(site.home, "alias"))).toBe(site.workspace);
  expect(code(`${site.workspace}/`)).toBe(site.workspace);
});
