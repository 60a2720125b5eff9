// JSON over one WebSocket after the other: each message is answered under its id, with a code of
// the table, and never with `internal`.
import { Response } from "@cairn/shared/envelope";
import { WebSocket } from "ws";
import { Random } from "../simulation/random.ts";
import { anyRequest } from "./values.ts";

export interface Target {
  ws: string;
  url: string;
  sessions: readonly string[];
}

export interface Findings {
  sent: number;
  outcomes: Record<string, number>;
  /** What the protocol does not allow, with the message that brought it about. */
  wrong: string[];
}

export function counted(outcomes: Record<string, number>, name: string): void {
  outcomes[name] = (outcomes[name] ?? 0) + 1;
}

interface Expected {
  id: string | number | null;
  text: string;
}

/** The id that the answer must have: null when there is none to come. */
function expectedId(text: string): Expected["id"] {
  // [LIM2]: as little as this may be read, however well it parses.
  if (text.includes("[".repeat(64))) return "unknown";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "unknown";
  }
  if (typeof json !== "object" || json === null) return "unknown";
  const { id, method, params } = json as { id?: unknown; method?: unknown; params?: unknown };
  // [ACK5]: without an id it is not answered, if it is a request at all.
  const isObject = typeof params === "object" && params !== null && !Array.isArray(params);
  if (id === undefined && method === "ack" && (params === undefined || isObject)) return null;
  if (typeof id === "number") return id;
  return typeof id === "string" && id.length > 0 && id.length <= 200 ? id : "unknown";
}

const patienceMs = 15_000;

class Session {
  readonly #ws: WebSocket;
  readonly #findings: Findings;
  readonly #open: Expected[] = [];
  #changed: () => void = () => undefined;
  closedWith: number | null = null;

  constructor(url: string, findings: Findings) {
    this.#findings = findings;
    this.#ws = new WebSocket(url);
    this.#ws.on("message", (data: Buffer) => this.#take(data.toString()));
    this.#ws.on("error", () => undefined);
    this.#ws.on("close", (code) => {
      this.closedWith = code;
      this.#changed();
    });
  }

  async opened(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#ws.once("open", resolve);
      this.#ws.once("error", reject);
    });
  }

  #take(text: string): void {
    if (text.startsWith('{"event_type"')) return;
    const { wrong, outcomes } = this.#findings;
    const parsed = Response.safeParse(JSON.parse(text));
    if (!parsed.success) {
      wrong.push(`an answer of no known shape: ${text.slice(0, 500)}`);
      return;
    }
    const { data } = parsed;
    const at = this.#open.findIndex(({ id }) => id === data.id);
    const [asked] = at === -1 ? [] : this.#open.splice(at, 1);
    if (asked === undefined) {
      wrong.push(`nobody asked for ${text.slice(0, 500)}`);
    } else if (!data.success && data.error_code === "internal") {
      wrong.push(`internal: ${asked.text.slice(0, 2_000)}`);
    }
    counted(outcomes, data.success ? "success" : data.error_code);
    this.#changed();
  }

  send(text: string): void {
    const id = expectedId(text);
    if (id !== null) this.#open.push({ id, text });
    this.#ws.send(text);
    this.#findings.sent += 1;
  }

  /** Resolves once at most so many are not answered. */
  async answered(open: number): Promise<void> {
    const late = performance.now() + patienceMs;
    while (this.#open.length > open && this.closedWith === null) {
      const timer = setTimeout(() => this.#changed(), patienceMs);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      clearTimeout(timer);
      if (performance.now() < late) continue;
      for (const { text } of this.#open)
        this.#findings.wrong.push(`no answer: ${text.slice(0, 500)}`);
      this.#open.length = 0;
    }
    if (this.closedWith === null) return;
    this.#findings.wrong.push(
      `closed with ${this.closedWith} after ${this.#open[0]?.text.slice(0, 500)}`,
    );
    this.#open.length = 0;
  }

  end(): void {
    this.#ws.close();
  }
}

const perConnection = 500;
const inFlight = 48;
/** Below what one actor may call in a second [LIM5], else nothing else is tried. */
const perSecond = 800;

/** Sends `messages` of them, some answered late, some never waited for. */
export async function fuzzJson(target: Target, seed: number, messages: number): Promise<Findings> {
  const random = new Random(seed);
  const findings: Findings = { sent: 0, outcomes: {}, wrong: [] };
  const began = performance.now();
  while (findings.sent < messages && findings.wrong.length < 10) {
    const session = new Session(target.ws, findings);
    await session.opened();
    const end = Math.min(messages, findings.sent + perConnection);
    while (findings.sent < end && session.closedWith === null) {
      session.send(anyRequest(random, `f${findings.sent}`, target.sessions));
      await session.answered(inFlight);
      const ahead = (findings.sent / perSecond) * 1000 - (performance.now() - began);
      if (ahead > 50) await new Promise((resolve) => setTimeout(resolve, ahead));
    }
    await session.answered(0);
    session.end();
  }
  return findings;
}
