import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { parseArgs } from "node:util";

export interface Config {
  host: string;
  /** 0 takes a free one. */
  port: number;
  dataDir: string;
  auth: "token" | "off";
  allowedHosts: string[];
  publicUrl: string | null;
  /** WebSockets and event streams at a time. */
  maxConnections: number;
  /** Events that each session's log keeps, and for how many days. */
  logEvents: number;
  logDays: number;
  /** Bytes that the snapshot store may hold; null for as much as its disk does. */
  storeLimit: number | null;
  open: boolean;
  json: boolean;
  /** Admin token from the environment; null uses the one in the data folder. */
  token: string | null;
}

export type Command =
  | { kind: "run"; config: Config }
  | { kind: "help"; text: string }
  | { kind: "version" };

/** A wrong flag or value: one line for the person who started us, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type Env = Record<string, string | undefined>;

const help = `Cairn keeps checkpoints of coding sessions and shows them live in a browser.

npm start -- [options]

  --host HOST          address to listen on (127.0.0.1)          CAIRN_HOST
  --port PORT          port, 0 takes a free one (4870)           CAIRN_PORT
  --data-dir DIR       where everything is kept                  CAIRN_DATA_DIR
                       ($XDG_DATA_HOME/cairn, else ~/.local/share/cairn)
  --auth token|off     off: no sign-in, on loopback only (token) CAIRN_AUTH
  --allowed-host HOST  also answer to this name; may be repeated
  --public-url URL     address under which a proxy serves this
  --max-connections N  sockets and event streams (1000)          CAIRN_MAX_CONNECTIONS
  --log-events N       events a session's log keeps (100000)     CAIRN_LOG_EVENTS
  --log-days N         days an event is kept (30)                CAIRN_LOG_DAYS
                       checkpoints are not touched by these two
  --store-limit SIZE   what snapshots may take, such as 20GB     CAIRN_STORE_LIMIT
                       (as much as the disk holds)
  --open               open the dashboard in the browser
  --json               one JSON line on stdout when ready, logs as JSON on stderr
  --help, --version

CAIRN_TOKEN replaces the admin token that is kept in the data folder.`;

const options = {
  host: { type: "string" },
  port: { type: "string" },
  "data-dir": { type: "string" },
  auth: { type: "string" },
  "allowed-host": { type: "string", multiple: true },
  "public-url": { type: "string" },
  "max-connections": { type: "string" },
  "log-events": { type: "string" },
  "log-days": { type: "string" },
  "store-limit": { type: "string" },
  open: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

/** parseArgs with its long errors cut to one sentence. */
export function parseFlags<T extends NonNullable<Parameters<typeof parseArgs>[0]>>(wanted: T) {
  try {
    return parseArgs(wanted);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const sentence = message.split(/\. |\n/)[0]?.replace(/\.$/, "") ?? "";
    throw new UsageError(`${sentence}. See --help.`, { cause: error });
  }
}

/** The data folder without a flag: by CAIRN_DATA_DIR, else by XDG. */
export function dataDirOf(flag: string | undefined, env: Env): string {
  const named = flag ?? env["CAIRN_DATA_DIR"];
  if (named === "" && flag !== undefined) throw new UsageError("--data-dir needs a folder.");
  if (named !== undefined && named !== "") return resolve(named);
  const xdg = env["XDG_DATA_HOME"] ?? "";
  // The XDG specification: a relative path is to be ignored.
  return join(isAbsolute(xdg) ? xdg : join(homedir(), ".local/share"), "cairn");
}

/** The token of the environment; null when it names none. */
export function tokenOf(env: Env): string | null {
  const token = env["CAIRN_TOKEN"] ?? "";
  if (token === "") return null;
  if (!/^[\x21-\x7e]{1,512}$/.test(token)) {
    throw new UsageError("CAIRN_TOKEN must be 1 to 512 visible ASCII characters without spaces.");
  }
  return token;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UsageError(`The port must be a number from 0 to 65535, not "${text}".`);
}

/** A whole number from 1 on, as a flag or the environment says it. */
function countOf(flag: string, text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count > 0) return count;
  throw new UsageError(`--${flag} must be a whole number from 1 to 999999999, not "${text}".`);
}

const units = ["", "K", "M", "G", "T"];
const leastStore = 10_000_000;

/** Bytes, as `20GB`, `1.5TiB` or a plain number say them. */
function sizeOf(flag: string, text: string): number {
  const [, number = "", prefix = "", binary = ""] =
    /^(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]?)(i?)B?$/i.exec(text) ?? [];
  const power = units.indexOf(prefix.toUpperCase());
  const bytes = Math.floor(Number(number) * (binary === "" ? 1000 : 1024) ** power);
  if (number !== "" && bytes >= leastStore && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`--${flag} must be a size from 10MB on, such as 20GB, not "${text}".`);
}

function publicUrlOf(text: string): string {
  const url = URL.parse(text);
  const bare = url !== null && url.pathname === "/" && url.search === "" && url.hash === "";
  if (bare && /^https?:$/.test(url.protocol) && url.username === "") return url.origin;
  throw new UsageError(`--public-url must be like https://cairn.example.org, not "${text}".`);
}

function allowedHostOf(text: string): string {
  const host = text.toLowerCase();
  if (/^([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/.test(host)) return host;
  throw new UsageError(`--allowed-host must be a host name, or host:port, not "${text}".`);
}

/** What the command line and the environment ask for; throws `UsageError`. */
export function parseCommand(args: string[], env: Env): Command {
  const { values } = parseFlags({ args, options, allowPositionals: false });
  if (values.help === true) return { kind: "help", text: help };
  if (values.version === true) return { kind: "version" };

  const pick = (flag: string | undefined, name: string): string | undefined =>
    flag ?? (env[name] === "" ? undefined : env[name]);
  const count = (
    flag: "max-connections" | "log-events" | "log-days",
    name: string,
    usual: number,
  ): number => countOf(flag, pick(values[flag], name) ?? String(usual));
  const host = pick(values.host, "CAIRN_HOST") ?? "127.0.0.1";
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (!/^[a-zA-Z0-9:._%-]+$/.test(bare)) throw new UsageError(`"${host}" is no host to listen on.`);
  const auth = pick(values.auth, "CAIRN_AUTH") ?? "token";
  if (auth !== "token" && auth !== "off") {
    throw new UsageError(`--auth must be token or off, not "${auth}".`);
  }
  const publicUrl = values["public-url"] === undefined ? null : publicUrlOf(values["public-url"]);
  if (auth === "off" && (!isLoopback(bare) || publicUrl !== null)) {
    throw new UsageError("--auth off works only on loopback (127.0.0.1), without --public-url.");
  }
  const storeLimit = pick(values["store-limit"], "CAIRN_STORE_LIMIT");
  return {
    kind: "run",
    config: {
      host: bare,
      port: portOf(pick(values.port, "CAIRN_PORT") ?? "4870"),
      dataDir: dataDirOf(values["data-dir"], env),
      auth,
      allowedHosts: (values["allowed-host"] ?? []).map(allowedHostOf),
      publicUrl,
      maxConnections: count("max-connections", "CAIRN_MAX_CONNECTIONS", 1_000),
      logEvents: count("log-events", "CAIRN_LOG_EVENTS", 100_000),
      logDays: count("log-days", "CAIRN_LOG_DAYS", 30),
      storeLimit: storeLimit === undefined ? null : sizeOf("store-limit", storeLimit),
      open: values.open ?? false,
      json: values.json ?? false,
      token: tokenOf(env),
    },
  };
}
