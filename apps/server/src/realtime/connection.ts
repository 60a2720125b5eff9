import type { Duplex } from "node:stream";
import { Request, unknownId } from "@cairn/shared/envelope";
import type { Response } from "@cairn/shared/envelope";
import { ProtocolError } from "@cairn/shared/errors";
import { isMethod, methods } from "@cairn/shared/methods";
import { caps } from "@cairn/shared/session";
import type { WebSocket } from "ws";
import type { Principal } from "../auth/authenticator.ts";
import type { Logger } from "../log.ts";
import { parseJson } from "../parse-json.ts";
import { toWire } from "../to-wire.ts";
import type { Caller, Dispatch } from "./dispatch.ts";
import { keepAlive } from "./liveness.ts";
import type { LivenessTimes } from "./liveness.ts";
import { Outbox } from "./outbox.ts";

/** Requests at work before the socket is no longer read. */
const maxInFlight = 32;
/** How long a peer may take to answer our close frame. */
const closeGraceMs = 5_000;

type RequestId = Response["id"];

interface Options {
  ws: WebSocket;
  /** The TCP socket below it. */
  socket: Duplex;
  /** Signed in by the upgrade itself, or by `--auth off`. */
  principal: Principal | null;
  dispatch: Dispatch;
  log: Logger;
  times: LivenessTimes;
  onClosing: (code: number) => void;
}

/** One WebSocket: reads requests, keeps their order where it counts, writes the answers. */
export class Connection implements Caller {
  readonly outbox: Outbox;
  readonly subscriptions: Caller["subscriptions"] = new Map();
  readonly #ws: WebSocket;
  readonly #dispatch: Dispatch;
  readonly #log: Logger;
  readonly #onClosing: (code: number) => void;
  readonly #stopPings: () => void;
  readonly #chains = new Map<string, Promise<void>>();
  readonly #waiting: (string | ArrayBuffer)[] = [];
  #principal: Principal | null;
  /** An `authenticate` at work: what was sent after it waits for it. */
  #signingIn: Promise<void> | null = null;
  #inFlight = 0;
  #closed = false;

  constructor({ ws, socket, principal, dispatch, log, times, onClosing }: Options) {
    this.#ws = ws;
    this.#principal = principal;
    this.#dispatch = dispatch;
    this.#log = log;
    this.#onClosing = onClosing;
    this.outbox = new Outbox({ ws, socket, close: (code, reason) => this.close(code, reason) });
    this.#stopPings = keepAlive({ ws, socket, times, paused: () => ws.isPaused });
  }

  get closed(): boolean {
    return this.#closed;
  }

  get principal(): Principal | null {
    return this.#principal;
  }

  signIn(principal: Principal): void {
    this.#principal = principal;
  }

  /** A message as it came: text, or a binary frame, which the protocol does not have. */
  receive(data: string | ArrayBuffer): void {
    if (this.#closed) return;
    if (this.#inFlight < maxInFlight) {
      this.#begin(data);
      return;
    }
    // What has been read already still arrives after a pause.
    this.#waiting.push(data);
    this.#ws.pause();
  }

  #begin(data: string | ArrayBuffer): void {
    const request = this.#read(data);
    if (request === null) return;
    this.#inFlight += 1;
    void this.#work(request);
  }

  async #work(request: Request): Promise<void> {
    await this.#inOrder(request);
    this.#inFlight -= 1;
    this.#next();
  }

  #next(): void {
    while (!this.#closed && this.#inFlight < maxInFlight) {
      const data = this.#waiting.shift();
      if (data === undefined) {
        if (this.#ws.isPaused) this.#ws.resume();
        return;
      }
      this.#begin(data);
    }
  }

  /** The request, or null when it was answered as malformed. */
  #read(data: string | ArrayBuffer): Request | null {
    try {
      if (typeof data !== "string") {
        throw new ProtocolError("invalid_json", "Requests are text frames, not binary ones.");
      }
      if (Buffer.byteLength(data) > caps.inbound_bytes) {
        const message = `A request may have at most ${caps.inbound_bytes} bytes.`;
        throw new ProtocolError("payload_too_large", message);
      }
      const json = parseJson(data);
      const request = Request.safeParse(json);
      if (request.success) return request.data;
      const error = new ProtocolError(
        "invalid_params",
        'A request is {"id": …, "method": …, "params": {…}}.',
      );
      this.#fail(idOf(json), error);
    } catch (error) {
      this.#fail(typeof data === "string" ? idIn(data) : unknownId, error);
    }
    return null;
  }

  /** Mutations of one session one after the other; subscriptions too; the rest at once. */
  async #inOrder(request: Request): Promise<void> {
    const before = this.#signingIn;
    const work = async (): Promise<void> => {
      if (before !== null) await before;
      await this.#answer(request);
    };
    if (request.method === "authenticate") {
      const mine = work();
      this.#signingIn = mine;
      await mine;
      if (this.#signingIn === mine) this.#signingIn = null;
      return;
    }
    const key = orderKey(request);
    if (key === null) {
      await work();
      return;
    }
    const mine = (this.#chains.get(key) ?? Promise.resolve()).then(work);
    this.#chains.set(key, mine);
    await mine;
    if (this.#chains.get(key) === mine) this.#chains.delete(key);
  }

  async #answer({ id, method, params }: Request): Promise<void> {
    if (this.#closed) return;
    const afterReply: (() => void)[] = [];
    try {
      const result = await this.#dispatch(method, params, {
        principal: this.#principal,
        connection: this,
        afterReply: (work) => afterReply.push(work),
      });
      // Nobody is left to answer; what it subscribed to has ended with the socket.
      if (this.#closed) return;
      this.#respond({ id, success: true, result });
      for (const work of afterReply) work();
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #fail(id: RequestId, error: unknown): void {
    this.#respond({ id, ...toWire(error, this.#log).body });
  }

  #respond(response: Response): void {
    if (!this.#closed) this.outbox.send(JSON.stringify(response));
  }

  /** Ends the connection from our side. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#onClosing(code);
    this.#ws.close(code, reason);
    this.ended();
    setTimeout(() => this.#ws.terminate(), closeGraceMs).unref();
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /** To be called once when the socket is gone: nothing is sent from here on. */
  ended(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#stopPings();
    // A paused socket would never read the peer's close frame.
    if (this.#ws.isPaused) this.#ws.resume();
    for (const active of this.subscriptions.values()) active.end();
  }
}

function orderKey({ method, params }: Request): string | null {
  if (!isMethod(method)) return null;
  const { kind } = methods[method];
  if (kind === "connection") return "subscriptions";
  const session = params["session_id"];
  return kind === "mutation" && typeof session === "string" ? session.toLowerCase() : null;
}

function idOf(json: unknown): RequestId {
  const id = typeof json === "object" && json !== null && "id" in json ? json.id : undefined;
  return (typeof id === "string" && id !== "" && id.length <= 200) || typeof id === "number"
    ? id
    : unknownId;
}

/** The id of a request that is too large to be parsed, so that its caller learns of it. */
function idIn(data: string): RequestId {
  if (data.length <= caps.inbound_bytes / 3) return unknownId;
  const found = /^\s*\{\s*"id"\s*:\s*("[^"\\]{1,200}"|\d{1,15})\s*,/.exec(data.slice(0, 512))?.[1];
  return found === undefined ? unknownId : (JSON.parse(found) as RequestId);
}
