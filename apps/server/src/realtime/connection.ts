import type { Duplex } from "node:stream";
import { ProtocolError } from "@cairn/shared/errors";
import type { Response } from "@cairn/shared/envelope";
import type { WebSocket } from "ws";
import type { Principal } from "../auth/authenticator.ts";
import type { Logger } from "../log.ts";
import { toWire } from "../to-wire.ts";
import type { AtWork } from "./at-work.ts";
import { closeCodes } from "./close-codes.ts";
import type { Connected } from "./connection-facts.ts";
import type { Caller, Dispatch } from "./dispatch.ts";
import { keepAlive } from "./liveness.ts";
import type { LivenessTimes } from "./liveness.ts";
import { Outbox } from "./outbox.ts";
import { orderKey, readRequest } from "./requests.ts";
import type { Incoming, RequestId } from "./requests.ts";

/** Requests at work before the socket is no longer read. */
const maxInFlight = 32;
/** How long a peer may take to answer our close frame. */
const closeGraceMs = 5_000;

interface Options {
  ws: WebSocket;
  /** The TCP socket below `ws`. */
  socket: Duplex & { bytesRead?: number; bytesWritten?: number };
  /** Address of the peer, and what it calls itself. */
  remote: string;
  user_agent: string | null;
  connection_id: string;
  /** RFC 3339. */
  since: string;
  /** Signed in by the upgrade itself, or by `--auth off`. */
  principal: Principal | null;
  dispatch: Dispatch;
  atWork: AtWork;
  log: Logger;
  times: LivenessTimes;
  /** How long it may stay without anybody signed in, in ms. */
  signInMs: number;
  onClosing: (code: number) => void;
}

/** One WebSocket: reads requests, keeps their order where it counts, writes the answers. */
export class Connection implements Caller, Connected {
  readonly connection_id: string;
  readonly outbox: Outbox;
  readonly subscriptions: Caller["subscriptions"] = new Map();
  readonly #options: Options;
  readonly #ws: WebSocket;
  readonly #socket: Options["socket"];
  readonly #stopPings: () => void;
  readonly #chains = new Map<string, Promise<void>>();
  readonly #waiting: (string | Uint8Array)[] = [];
  #principal: Principal | null;
  #signInTimer: NodeJS.Timeout | undefined;
  /** An `authenticate` at work: what was sent after it waits for it. */
  #signingIn: Promise<void> | null = null;
  #inFlight = 0;
  #draining = false;
  #closed = false;

  constructor(options: Options) {
    const { ws, socket, principal, times, signInMs } = options;
    this.#options = options;
    this.connection_id = options.connection_id;
    this.#ws = ws;
    this.#socket = socket;
    this.#principal = principal;
    this.outbox = new Outbox({
      ws,
      socket,
      close: (code, reason) => this.close(code, reason),
    });
    this.#stopPings = keepAlive({ ws, socket, times, paused: () => ws.isPaused });
    if (principal !== null) return;
    this.#signInTimer = setTimeout(() => {
      this.close(closeCodes.unauthenticated, "nobody signed in");
    }, signInMs).unref();
  }

  get closed(): boolean {
    return this.#closed;
  }

  get principal(): Principal | null {
    return this.#principal;
  }

  signIn(principal: Principal): void {
    clearTimeout(this.#signInTimer);
    this.#principal = principal;
  }

  facts(): ReturnType<Connected["facts"]> {
    const { remote, user_agent, since } = this.#options;
    const { bytesRead = 0, bytesWritten = 0, writableLength } = this.#socket;
    return {
      connection_id: this.connection_id,
      actor: this.#principal?.actor ?? null,
      since,
      remote,
      user_agent,
      in_flight: this.#inFlight,
      buffered_bytes: writableLength,
      sent_bytes: Math.max(0, bytesWritten - writableLength),
      received_bytes: bytesRead,
      subscriptions: [...this.subscriptions.values()].map(({ facts }) => facts),
    };
  }

  /** A message as it came: text, or a binary frame, which the protocol does not have. */
  receive(data: string | Uint8Array): void {
    if (this.#closed) return;
    if (this.#inFlight < maxInFlight) {
      this.#begin(data);
      return;
    }
    // What has been read already still arrives after a pause.
    this.#waiting.push(data);
    this.#ws.pause();
  }

  #begin(data: string | Uint8Array): void {
    const read = readRequest(data);
    if ("error" in read) {
      this.#fail(read.id, read.error);
      return;
    }
    if (this.#draining) {
      const message = "The server is stopping. Connect again and repeat this.";
      this.#fail(read.request.id, new ProtocolError("shutting_down", message));
      return;
    }
    void this.#work(read.request);
  }

  async #work(request: Incoming): Promise<void> {
    const { atWork } = this.#options;
    this.#inFlight += 1;
    atWork.begin();
    await this.#inOrder(request);
    this.#inFlight -= 1;
    atWork.end();
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

  /** Mutations of one session one after the other; subscriptions too; the rest at once. */
  async #inOrder(request: Incoming): Promise<void> {
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

  async #answer({ id, method, params }: Incoming): Promise<void> {
    if (this.#closed) return;
    const afterReply: (() => void)[] = [];
    try {
      const result = await this.#options.dispatch(method, params, {
        principal: this.#principal,
        connection: this,
        afterReply: (work) => afterReply.push(work),
      });
      // Nobody is left to answer; what it subscribed to has ended with the socket.
      if (this.#closed) return;
      if (id !== null) this.#respond({ id, success: true, result });
      for (const work of afterReply) work();
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #fail(id: RequestId | null, error: unknown): void {
    const { body } = toWire(error, this.#options.log);
    if (id !== null) this.#respond({ id, ...body });
  }

  #respond(response: Response): void {
    if (!this.#closed) this.outbox.send(JSON.stringify(response));
  }

  /** Begins nothing new from here on: what is still sent is answered with `shutting_down`. */
  refuse(): void {
    this.#draining = true;
  }

  /** Ends the connection from our side. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#options.onClosing(code);
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
    clearTimeout(this.#signInTimer);
    // A paused socket would never read the peer's close frame.
    if (this.#ws.isPaused) this.#ws.resume();
    for (const active of this.subscriptions.values()) active.end();
  }
}
