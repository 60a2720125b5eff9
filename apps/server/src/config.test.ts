import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseCommand, UsageError } from "./config.ts";
import type { Config } from "./config.ts";

function configOf(args: string[], env: Record<string, string> = {}): Config {
  const command = parseCommand(args, env);
  if (command.kind !== "run") throw new Error(`this is ${command.kind}`);
  return command.config;
}

test("without flags and environment", () => {
  expect(configOf([])).toEqual({
    host: "127.0.0.1",
    port: 4870,
    dataDir: join(homedir(), ".local/share/cairn"),
    auth: "token",
    allowedHosts: [],
    publicUrl: null,
    maxConnections: 1_000,
    logEvents: 100_000,
    logDays: 30,
    storeLimit: null,
    open: false,
    json: false,
    token: null,
  });
});

test("every flag", () => {
  const args = "--host ::1 --port 0 --data-dir /d --auth off --open --json";
  const more = "--allowed-host Box --allowed-host box.lan:80";
  const counts = "--max-connections 9 --log-events 7 --log-days 1 --store-limit 20GB";
  expect(configOf([args, more, counts].flatMap((flags) => flags.split(" ")))).toEqual({
    host: "::1",
    port: 0,
    dataDir: "/d",
    auth: "off",
    allowedHosts: ["box", "box.lan:80"],
    publicUrl: null,
    maxConnections: 9,
    logEvents: 7,
    logDays: 1,
    storeLimit: 20_000_000_000,
    open: true,
    json: true,
    token: null,
  });
  expect(configOf(["--public-url", "https://cairn.example.org/"]).publicUrl).toBe(
    "https://cairn.example.org",
  );
});

test("the environment counts where there is no flag", () => {
  const env = {
    CAIRN_HOST: "localhost",
    CAIRN_PORT: "1",
    CAIRN_DATA_DIR: "/e",
    CAIRN_AUTH: "off",
    CAIRN_TOKEN: "t",
    CAIRN_MAX_CONNECTIONS: "2",
    CAIRN_LOG_EVENTS: "3",
    CAIRN_LOG_DAYS: "4",
    CAIRN_STORE_LIMIT: "1.5 GiB",
  };
  expect(configOf([], env)).toMatchObject({
    maxConnections: 2,
    logEvents: 3,
    logDays: 4,
    storeLimit: 1.5 * 1024 ** 3,
    host: "localhost",
    port: 1,
    dataDir: "/e",
    auth: "off",
    token: "t",
  });
  expect(configOf(["--port", "2", "--data-dir", "/f"], env)).toMatchObject({
    port: 2,
    dataDir: "/f",
  });
  expect(configOf([], { CAIRN_PORT: "", CAIRN_TOKEN: "" })).toMatchObject({
    port: 4870,
    token: null,
  });
});

test("the data folder follows XDG, unless it is relative", () => {
  expect(configOf([], { XDG_DATA_HOME: "/x" }).dataDir).toBe("/x/cairn");
  expect(configOf([], { XDG_DATA_HOME: "x" }).dataDir).toBe(join(homedir(), ".local/share/cairn"));
});

test("help and version win over everything else that is right", () => {
  const help = parseCommand(["--port", "1", "--help"], {});
  if (help.kind !== "help") throw new Error(`this is ${help.kind}`);
  for (const word of ["--host", "--public-url", "--allowed-host", "CAIRN_TOKEN", "--version"]) {
    expect(help.text).toContain(word);
  }
  expect(parseCommand(["--version"], {})).toEqual({ kind: "version" });
});

test.each([
  [["--bogus"], /--bogus/],
  [["stray"], /stray/],
  [["--port"], /port/],
  [["--port", "65536"], /0 to 65535/],
  [["--port", "-1"], /port/],
  [["--port", "80x"], /80x/],
  [["--auth", "maybe"], /token or off/],
  [["--host", "a b"], /host/],
  [["--allowed-host", "*"], /allowed-host/],
  [["--allowed-host", "http://x"], /allowed-host/],
  [["--public-url", "ftp://x"], /public-url/],
  [["--public-url", "https://x/path"], /public-url/],
  [["--json=1"], /json/],
  [["--store-limit", "20XB"], /20GB/],
  [["--store-limit", "5MB"], /10MB/],
  [["--store-limit", "-1"], /store-limit/],
  [["--store-limit", "1e9"], /1e9/],
  [["--auth", "off", "--host", "0.0.0.0"], /loopback/],
  [["--auth", "off", "--host", "127.0.0.1.example.org"], /loopback/],
  [["--auth", "off", "--public-url", "https://x.org"], /loopback/],
])("%j is refused in one line", (args, line) => {
  expect(() => parseCommand(args, {})).toThrow(UsageError);
  expect(() => parseCommand(args, {})).toThrow(line);
  expect(() => parseCommand(args, {})).not.toThrow(/\n/);
});

test("a token that no header could carry is refused", () => {
  expect(() => parseCommand([], { CAIRN_TOKEN: "a b" })).toThrow(/CAIRN_TOKEN/);
  expect(() => parseCommand([], { CAIRN_TOKEN: "a b" })).not.toThrow(/a b/);
});
