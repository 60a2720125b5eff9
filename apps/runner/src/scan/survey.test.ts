import { afterEach, beforeEach, expect, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";
import { surveyWorkspace } from "./survey.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

test("left-out paths say which rule names them", () => {
  site.write({ ".gitignore": "*.log\n", "a.log": "12345", "sub/node_modules/x": "123" });
  site.rules = { ...site.rules, ignore: ["private"] };
  site.write({ private: "1" });
  const report = surveyWorkspace({ workspace: site.workspace, rules: site.rules });
  expect(report.left_out).toEqual([
    { path: "a.log", why: ".gitignore: *.log", bytes: 5 },
    { path: "private", why: "settings: private", bytes: 1 },
    { path: "sub/node_modules", why: "node_modules (built-in)", bytes: 3 },
  ]);
});

test("a survey names secrets that would be captured, and bounds that are passed", () => {
  site.write({
    ".env": "x",
    ".env.example": "x",
    "deploy/server.pem": "x",
    ".gitignore": "ignored.key\n",
    "ignored.key": "x",
    "large.bin": Buffer.alloc(2000),
  });
  const limits = { files: 3, bytes: 1500, file_bytes: 1000, store_bytes: null };
  const request = { workspace: site.workspace, rules: { ...site.rules, limits } };
  const report = surveyWorkspace(request);
  expect(report.sensitive).toEqual([".env", "deploy/server.pem"]);
  expect(report.over).toEqual(["files", "bytes", "file_bytes"]);
});
