import {
  Calls,
  closedError,
  offlineError,
  isKeyed,
  refusedError,
  type Answered,
  type Outcome,
  type Send,
} from "./calls.ts";
import { isConnected, type ConnectionState } from "./connection-state.ts";
import { ProtocolError, type ErrorCode } from "./errors.ts";
import type { SubscribeOptions } from "./following.ts";
import { readFrame } from "./frames.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { MethodName, Params, Result } from "./methods.ts";
import { ReconnectingSocket, stopCodes } from "./reconnect.ts";
import { Subscriptions } from "./subscriptions.ts";
import { realSurroundings, type Surroundings } from "./surroundings.ts";

export type { ConnectionState } from "./connection-state.ts";
export type { EndReason, Gap, SubscribeOptions } from "./following.ts";

export interface Subscription {
  unsubscribe(): void;
}

export interface ClientOptions {
  /** WebSocket address such as `ws://127.0.0.1:4870/ws`. */
  url: string;
  /** Token or browser key, sent by `authenticate` on every connection; null without one. */
  token: string | null;
  /** Longest a call waits for its answer, in ms; work on files may take 20 times as long. */
  timeoutMs?: number;
  /** Injected in tests. */
  WebSocket?: typeof WebSocket;
  /** Injected in tests. */
  surroundings?: Surroundings;
}

/** One connection to a server: calls, subscriptions that survive reconnects, observable state. */
export interface Client {
  /**
   * Rejects with `ProtocolError`; with code `shutting_down` and details `{offline: true}` at once
   * while there is no connection. While one is being made, the call waits for it.
   * A call that was sent is never sent again: `outcome_unknown` in the details says that its
   * connection broke or its time ran out before the answer came.
   * One with an `idempotency_key` is: it waits for a connection, and when that breaks for the next.
   */
  call<M extends MethodName>(
    method: M,
    ...params: Record<string, never> extends Params<M> ? [params?: Params<M>] : [params: Params<M>]
  ): Promise<Result<M>>;
  /** One subscription a session: another one to the same session replaces it. */
  subscribe(session_id: string, options: SubscribeOptions): Subscription;
  readonly state: ConnectionState;
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Uses another token from now on, and connects again if it was refused. */
  signIn(token: string): void;
  close(): void;
}

/** How often a state of catching up is told at most, in ms. */
const progressMs = 50;
/** At this many unanswered requests a server stops reading, so a silent probe proves nothing. */
const serverReadsUpTo = 32;

/** Connects at once and stays connected until `close`. The same in browsers and in Node. */
export function connect(options: ClientOptions): Client {
  return new ConnectedClient(options);
}

class ConnectedClient implements Client {
  readonly #around: Surroundings;
  readonly #calls: Calls;
  readonly #socket: ReconnectingSocket;
  readonly #subscriptions: Subscriptions;
  readonly #heartbeat: Heartbeat;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #stopHints: () => void;
  readonly #send = (text: string) => this.#socket.send(text);
  #token: string | null;
  #state: ConnectionState = { status: "connecting" };
  #rttMs: number | null = null;
  #cancelProgress: (() => void) | null = null;

  constructor({ url, token, timeoutMs, WebSocket: Injected, surroundings }: ClientOptions) {
    this.#around = surroundings ?? realSurroundings;
    this.#token = token;
    this.#calls = new Calls(this.#around, timeoutMs ?? 30_000);
    this.#subscriptions = new Subscriptions(
      this.#around,
      (method, params, answered) => this.#ask(method, params, answered, this.#send),
      () => this.#caughtUp(),
    );
    this.#heartbeat = new Heartbeat({
      around: this.#around,
      probe: () => this.#probe(),
      busy: () => this.#calls.size >= serverReadsUpTo,
      dead: () => this.#socket.drop(),
    });
    this.#socket = new ReconnectingSocket(url, Injected ?? WebSocket, this.#around, {
      connecting: () => this.#became({ status: "connecting" }),
      open: () => this.#introduce(),
      text: (text) => this.#received(text),
      closed: (closeCode, retryAt) => this.#closed(closeCode, retryAt),
    });
    this.#stopHints = this.#around.onHint(() => this.#hinted());
    this.#socket.connect();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  call<M extends MethodName>(method: M, params?: Params<M>): Promise<Result<M>> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(params ?? {});
      if (refusal !== null) return reject(refusal);
      return this.#ask(method, params ?? {}, (outcome) => {
        if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.result as Result<M>);
      });
    });
  }

  subscribe(session_id: string, options: SubscribeOptions): Subscription {
    return { unsubscribe: this.#subscriptions.add(session_id, options) };
  }

  signIn(token: string): void {
    this.#token = token;
    const { status } = this.#state;
    if (status === "offline" || status === "refused") this.#socket.connect();
  }

  close(): void {
    if (this.#state.status === "closed") return;
    this.#stopHints();
    this.#socket.halt();
    this.#ended({ status: "closed" }, closedError());
    this.#subscriptions.clear();
    this.#listeners.clear();
  }

  /** Why a call cannot even wait for a connection. */
  #refusal(params: object): ProtocolError | null {
    switch (this.#state.status) {
      case "offline":
        return isKeyed(params) ? null : offlineError();
      case "closed":
        return closedError();
      case "refused":
        return refusedError(this.#state.code);
      case "connecting":
      case "catching_up":
      case "live":
        return null;
    }
  }

  #ask(method: MethodName, params: object, answered: Answered, send?: Send): void {
    const settled = (outcome: Outcome) => {
      answered(outcome);
      if ("error" in outcome && outcome.error.code === "unauthenticated") {
        this.#refused("unauthenticated");
      }
    };
    this.#calls.start(method, params, settled, send);
  }

  /** The first request of a connection: signs in, or finds out that nobody has to. */
  #introduce(): void {
    const token = this.#token;
    const started = performance.now();
    const introduced = (outcome: Outcome) => {
      if (!("error" in outcome)) return this.#connected(performance.now() - started);
      const { code, details } = outcome.error;
      // The socket has closed and sees to its own retry.
      if (details?.["offline"] === true) return undefined;
      if (code !== "unauthenticated" && code !== "forbidden") return this.#socket.drop();
      if (token !== this.#token) return this.#socket.connect();
      return this.#refused(code);
    };
    const [method, params] =
      token === null ? (["health", {}] as const) : (["authenticate", { token }] as const);
    this.#calls.start(method, params, introduced, this.#send);
  }

  #connected(rttMs: number): void {
    this.#socket.settled();
    this.#rttMs = rttMs;
    this.#subscriptions.connected();
    this.#calls.open(this.#send);
    this.#heartbeat.start();
    this.#became(this.#stateNow());
  }

  /** What a connection that is good for use is at. */
  #stateNow(): ConnectionState {
    const catchingUp = this.#subscriptions.catchingUp;
    if (catchingUp !== null) return { status: "catching_up", ...catchingUp };
    return { status: "live", rttMs: this.#rttMs };
  }

  /** Something was replayed: told now when that changes the status, else soon. */
  #caughtUp(): void {
    if (!isConnected(this.#state)) return;
    const state = this.#stateNow();
    const { status } = this.#state;
    this.#state = state.status === "live" && status === "live" ? this.#state : state;
    if (state.status !== status) return this.#announce();
    if (state.status === "live") return undefined;
    this.#cancelProgress ??= this.#around.after(progressMs, () => this.#announce());
    return undefined;
  }

  #received(text: string): void {
    this.#heartbeat.heard();
    const frame = readFrame(text);
    switch (frame.kind) {
      case "reply":
        return this.#calls.settle(frame.id, frame.outcome);
      case "events":
        return this.#subscriptions.events(frame.events);
      case "transient":
        return this.#subscriptions.transient(frame.message);
      case "unreadable":
        if (frame.id === null) return undefined;
        return this.#calls.settle(frame.id, {
          error: new ProtocolError(
            "internal",
            "The server answered in a form that this client cannot read. Reload to get the client that fits it.",
          ),
        });
    }
  }

  #closed(closeCode: number, retryAt: number | null): void {
    if (retryAt !== null) return this.#ended({ status: "offline", retryAt }, offlineError());
    const { revoked, unauthenticated } = stopCodes;
    const isSignIn = closeCode === revoked || closeCode === unauthenticated;
    const code = isSignIn ? "unauthenticated" : "forbidden";
    return this.#ended({ status: "refused", code }, refusedError(code));
  }

  #refused(code: ErrorCode): void {
    if (this.#state.status !== "connecting" && !isConnected(this.#state)) return;
    this.#socket.halt();
    this.#ended({ status: "refused", code }, refusedError(code));
  }

  #ended(state: ConnectionState, unsentError: ProtocolError): void {
    this.#state = state;
    this.#heartbeat.stop();
    this.#subscriptions.disconnected();
    this.#calls.drop(unsentError, state.status !== "offline");
    // Unless a callback of these has gone on already, by `signIn` or `close`.
    if (this.#state === state) this.#announce();
  }

  #hinted(): void {
    if (this.#state.status === "offline") this.#socket.connect();
    if (isConnected(this.#state)) this.#heartbeat.probe();
  }

  /** Measures the round trip, and makes a dead connection show itself. */
  #probe(): void {
    const started = performance.now();
    this.#ask("health", {}, (outcome) => {
      if ("error" in outcome || !isConnected(this.#state)) return;
      this.#rttMs = performance.now() - started;
      this.#became(this.#stateNow());
    });
  }

  #became(state: ConnectionState): void {
    this.#state = state;
    this.#announce();
  }

  #announce(): void {
    this.#cancelProgress?.();
    this.#cancelProgress = null;
    for (const listener of this.#listeners) listener(this.#state);
  }
}
