import type { Surroundings } from "./surroundings.ts";

/** Close codes 4500 to 4999 mean stop; these say more. All others mean: come back. */
export const stopCodes = { revoked: 4500, unauthenticated: 4501 } as const;

/** Whether a server that closed with this code wants to be connected to again. */
function mayReconnect(closeCode: number): boolean {
  return closeCode < 4500 || closeCode > 4999;
}

/** Wait before retry `attempt` (from 0), in ms: doubling to 10 s, spread so that clients do not return as one. */
export function backoffMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(10_000, 500 * 2 ** attempt);
  return ceiling * (0.25 + 0.75 * random());
}

/** The close code of a server that restarts: all its clients come back, so they are spread wider. */
const restarting = 1012;
const restartSpreadMs = 2_000;
const longestAskedMs = 60_000;

/** What a restarting server asks this client to wait, so that its clients come back one by one. */
function askedMs(reason: string): number | null {
  const asked = /\bretry_after_ms=(\d{1,9})\b/.exec(reason)?.[1];
  return asked === undefined ? null : Math.min(Number(asked), longestAskedMs);
}

function waitMs({ code, reason }: Closing, failures: number, random: () => number): number {
  const usual = backoffMs(failures, random);
  if (code !== restarting) return usual;
  const spread = restartSpreadMs * (0.1 + 0.9 * random());
  // It needs a moment to be back, and one that keeps restarting is left alone as any other.
  const asked = Math.max(100, askedMs(reason) ?? spread);
  return failures === 0 ? asked : Math.max(usual, asked);
}

/** Longest from the start of an attempt to `settled`, in ms. */
const attemptMs = 10_000;
/** A connection that lived this long was a good one: the next backoff starts anew. */
const goodMs = 5_000;

/** How a connection ended. */
type Closing = Pick<CloseEvent, "code" | "reason">;

/** `WebSocket.CLOSING`, from which on nothing is sent any more. */
const closing = 2;

export interface SocketEvents {
  connecting(): void;
  open(): void;
  text(text: string): void;
  /** `retryAt` in ms since 1970, null when the server said to stop. */
  closed(closeCode: number, retryAt: number | null): void;
}

/**
 * One WebSocket at a time, made again with backoff until `halt`.
 * partysocket was tried for this: its waits have no jitter and cannot be seen, and `reconnect()`
 * during a wait is ignored, so that neither "network is back" nor a new token would connect at once.
 */
export class ReconnectingSocket {
  readonly #url: string;
  readonly #WebSocket: typeof WebSocket;
  readonly #around: Surroundings;
  readonly #events: SocketEvents;
  #socket: WebSocket | null = null;
  #failures = 0;
  #settledAt: number | null = null;
  #cancelTimer: () => void = () => undefined;

  constructor(
    url: string,
    WebSocketClass: typeof WebSocket,
    around: Surroundings,
    events: SocketEvents,
  ) {
    this.#url = url;
    this.#WebSocket = WebSocketClass;
    this.#around = around;
    this.#events = events;
  }

  /** Connects now, whatever was going on. */
  connect(): void {
    this.#abandon();
    this.#events.connecting();
    const socket = new this.#WebSocket(this.#url);
    this.#socket = socket;
    const current = () => this.#socket === socket;
    socket.addEventListener("open", () => {
      if (current()) this.#events.open();
    });
    socket.addEventListener("message", ({ data }: { data: unknown }) => {
      if (current() && typeof data === "string") this.#events.text(data);
    });
    socket.addEventListener("close", (closing) => {
      if (current()) this.#ended(closing);
    });
    // Always followed by close, which says more.
    socket.addEventListener("error", () => undefined);
    this.#cancelTimer = this.#around.after(attemptMs, () => this.drop());
  }

  /** The connection is good for use: no time limit on it any more. */
  settled(): void {
    this.#cancelTimer();
    this.#settledAt = this.#around.now();
  }

  send(text: string): void {
    // On one that closes, a browser would complain; its end says what was not sent.
    if (this.#socket === null || this.#socket.readyState >= closing) return;
    this.#socket.send(text);
  }

  /** Gives this connection up as dead and retries after a backoff. */
  drop(): void {
    this.#abandon();
    this.#ended({ code: 1006, reason: "" });
  }

  /** Closes without retry. */
  halt(): void {
    this.#abandon();
  }

  #ended(closing: Closing): void {
    const closeCode = closing.code;
    this.#socket = null;
    this.#cancelTimer();
    const livedMs = this.#settledAt === null ? 0 : this.#around.now() - this.#settledAt;
    this.#settledAt = null;
    if (!mayReconnect(closeCode)) return this.#events.closed(closeCode, null);
    if (livedMs >= goodMs) this.#failures = 0;
    const wait = waitMs(closing, this.#failures, () => this.#around.random());
    this.#failures += 1;
    this.#cancelTimer = this.#around.after(wait, () => this.connect());
    return this.#events.closed(closeCode, this.#around.now() + wait);
  }

  #abandon(): void {
    this.#cancelTimer();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }
}
