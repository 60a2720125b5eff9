import { pino } from "pino";
import type { Logger } from "pino";

export type { Logger } from "pino";

const names: Record<number, string> = { 20: "debug", 30: "info", 40: "warn", 50: "error" };
const own = new Set(["level", "time", "msg", "err", "pid", "hostname"]);

// Control and bidi characters could rewrite what a terminal shows.
// oxlint-disable-next-line no-control-regex -- these are exactly the characters to be made visible
const hidden = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Makes characters visible that would change how the text around them is shown. */
export function visible(text: string): string {
  return text.replace(hidden, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** One JSON log line as a person reads it. */
export function readable(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const time = new Date(Number(entry["time"])).toTimeString().slice(0, 8);
  const rest = Object.entries(entry)
    .filter(([key]) => !own.has(key))
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const error = entry["err"] as { stack?: string; message?: string } | undefined;
  const cause = error === undefined ? "" : `\n${error.stack ?? error.message ?? ""}`;
  const level = names[Number(entry["level"])] ?? "fatal";
  return visible(`${time} ${level.padEnd(5)} ${String(entry["msg"])}${rest.join("")}${cause}`);
}

/** Logs to stderr: JSON lines, or lines for people. */
export function createLog({ json }: { json: boolean }): Logger {
  const write = (line: string): void => {
    process.stderr.write(json ? line : `${readable(line)}\n`);
  };
  return pino({ level: "info", base: null }, { write });
}
