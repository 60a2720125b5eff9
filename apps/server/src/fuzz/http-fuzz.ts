// Requests and upgrades as bytes: each is answered with a status that says why, or cut off.
import { connect } from "node:net";
import { Random } from "../simulation/random.ts";
import { counted } from "./json-fuzz.ts";
import type { Findings, Target } from "./json-fuzz.ts";
import { anyRequest, anyValue } from "./values.ts";

const paths = [
  "/",
  "//",
  "/ws",
  "/ws?x=1",
  "/ws/",
  "//ws",
  "/api/health",
  "/api/checkpoint",
  "/api/",
  "/api/../ws",
  "/api/%00",
  "/api/__proto__",
  "/api/openapi.json",
  "/healthz",
  "/metrics",
  "/assets/../../package.json",
  "/%",
  "*",
  "http://evil.example/",
  "/api/sessions/x/events",
  `/${"a".repeat(9_000)}`,
];
const verbs = ["GET", "POST", "PUT", "OPTIONS", "CONNECT", "HEAD", "get", "PRI", "X".repeat(50)];

function headersOf(random: Random, { url }: Target, body: Buffer): string[] {
  const host = new URL(url).host;
  const all: [part: number, header: string][] = [
    [0.95, `Host: ${random.chance(0.95) ? host : random.pick(["evil.example", "", "[::", "a b"])}`],
    [0.7, "Content-Type: application/json"],
    [
      0.85,
      `Content-Length: ${random.chance(0.95) ? body.length : random.pick(["-1", "1e3", "99", "x"])}`,
    ],
    [0.05, "Transfer-Encoding: chunked"],
    [0.05, `Origin: ${random.pick(["null", "http://evil.example", `http://${host}`, "\u0001"])}`],
    [0.05, `Authorization: ${random.pick(["Bearer", "Bearer x", "Basic eDp5"])}`],
    [0.02, `X-Long: ${"x".repeat(random.pick([100, 20_000]))}`],
    [0.02, "Expect: 100-continue"],
    [0.02, `${random.pick(["a b", "", ":", "\u0000"])}: x`],
    [0.05, `Last-Event-ID: ${random.pick(["x", "e:1", "::", "\u00ff"])}`],
  ];
  return all.flatMap(([part, header]) => (random.chance(part) ? [header] : []));
}

const upgrade: readonly [string, string[]][] = [
  ["Connection", ["Upgrade", "keep-alive, Upgrade", "close"]],
  ["Upgrade", ["websocket", "WebSocket", "h2c", "websocket, x"]],
  ["Sec-WebSocket-Version", ["13", "8", "12", "x", "13, 13"]],
  ["Sec-WebSocket-Key", ["dGhlIHNhbXBsZSBub25jZQ==", "", "short", "x".repeat(5_000)]],
  ["Sec-WebSocket-Protocol", ["chat", "a, a", "a,,b", "\u0001", ""]],
  ["Sec-WebSocket-Extensions", ["permessage-deflate", "x; y=z", "permessage-deflate; a=\u0001"]],
];

function anyRequestBytes(random: Random, target: Target): Buffer {
  const upgrades = random.chance(0.4);
  const body = upgrades
    ? Buffer.alloc(0)
    : Buffer.from(
        random.pick([
          () => anyRequest(random, "x", target.sessions),
          () => JSON.stringify(anyValue(random)),
          () => "",
        ])(),
      );
  const verb = upgrades && random.chance(0.9) ? "GET" : random.pick(verbs);
  const path = upgrades && random.chance(0.8) ? "/ws" : random.pick(paths);
  const version = random.chance(0.97)
    ? "HTTP/1.1"
    : random.pick(["HTTP/1.0", "HTTP/2.0", "HTTP/9", ""]);
  const lines = [`${verb} ${path} ${version}`, ...headersOf(random, target, body)];
  if (upgrades) {
    for (const [name, values] of upgrade) {
      const usual =
        name.endsWith("Protocol") || name.endsWith("Extensions") ? undefined : values[0];
      const value = random.chance(0.85) ? usual : random.pick(values);
      if (value !== undefined) lines.push(`${name}: ${value}`);
    }
  }
  const end = random.chance(0.98) ? "\r\n" : "\n";
  const whole = Buffer.concat([Buffer.from(`${lines.join(end)}${end}${end}`, "latin1"), body]);
  if (random.chance(0.05)) return whole.subarray(0, random.below(whole.length));
  if (random.chance(0.05)) whole.writeUInt8(random.below(256), random.below(whole.length));
  if (random.chance(0.05)) return Buffer.concat([whole, whole]);
  return whole;
}

const patienceMs = 15_000;

async function exchange(target: Target, bytes: Buffer, cut: boolean): Promise<string> {
  const { hostname, port } = new URL(target.url);
  return await new Promise<string>((resolve) => {
    const socket = connect(Number(port), hostname);
    let received = "";
    const late = setTimeout(() => {
      socket.destroy();
      received ||= "never";
    }, patienceMs);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      if (received.length < 2_000) received += chunk.toString("latin1");
      // An upgrade that went well, or a stream of events: neither ends by itself.
      if (/^HTTP\/1\.1 101|text\/event-stream/.test(received)) socket.destroy();
    });
    socket.on("close", () => {
      clearTimeout(late);
      resolve(received);
    });
    if (cut) socket.write(bytes, () => socket.resetAndDestroy());
    else socket.end(bytes);
  });
}

export async function fuzzHttp(target: Target, seed: number, messages: number): Promise<Findings> {
  const random = new Random(seed);
  const findings: Findings = { sent: 0, outcomes: {}, wrong: [] };
  const one = async (): Promise<void> => {
    while (findings.sent < messages && findings.wrong.length < 10) {
      findings.sent += 1;
      const bytes = anyRequestBytes(random, target);
      const cut = random.chance(0.05);
      const received = await exchange(target, bytes, cut);
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1];
      counted(findings.outcomes, status ?? (received === "" ? "cut off" : "?"));
      const fine = status === undefined ? received === "" : /^[1-4]|^50[15]$/.test(status);
      if (fine) continue;
      const sent = bytes.toString("latin1").slice(0, 1_000);
      findings.wrong.push(`${received.slice(0, 300)}\nafter ${JSON.stringify(sent)}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return findings;
}
