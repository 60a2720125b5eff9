import { pino } from "pino";
import { expect, test } from "vitest";
import { readable } from "./log.ts";

test("a log line cannot move the cursor or turn the text around", () => {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line) => lines.push(readable(line)) });
  log.info({ file: "a\u001b[2Jb\u202ec" }, "saw\ra file");
  expect(lines[0]).toContain(String.raw`file=a\u001b[2Jb\u202ec`);
  expect(lines[0]).toContain(String.raw`saw\u000da file`);
});

test("an error is shown with its stack", () => {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line) => lines.push(readable(line)) });
  log.error({ err: new Error("boom"), reference: "r1" }, "a call failed");
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d error a call failed reference=r1\n.*Error: boom\n {4}at /,
  );
});
