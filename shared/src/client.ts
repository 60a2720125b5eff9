import type { ErrorCode } from "./errors.ts";
import type { EventType, LiveEvent, TransientMessage } from "./events.ts";
import type { MethodName, Params, Result } from "./methods.ts";

/**
 * `refused`: the server does not accept this token; nothing is retried until `signIn`.
 * `offline`: a reconnect is due at `retryAt`.
 */
export type ConnectionState =
  | { status: "connecting" }
  | { status: "live"; rttMs: number | null }
  | { status: "offline"; retryAt: number }
  | { status: "refused"; code: ErrorCode }
  | { status: "closed" };

export interface SubscribeOptions {
  events?: readonly EventType[];
  since?: { epoch: string; seq: number } | { last: number };
  transient?: boolean;
  /** A logged event of the session, each once and in order, across reconnects. */
  onEvent: (event: LiveEvent) => void;
  onTransient?: (message: TransientMessage) => void;
  /**
   * Live (again). `recovered: false` means events may have been missed: load afresh.
   * `sessions` is the snapshot that "*" replies with.
   */
  onSubscribed?: (reply: Result<"subscribe">) => void;
  onError?: (error: Error) => void;
}

export interface Subscription {
  unsubscribe(): void;
}

export interface ClientOptions {
  /** WebSocket address such as `ws://127.0.0.1:4870/ws`. */
  url: string;
  /** Token or browser key, sent by `authenticate` on every connection; null without one. */
  token: string | null;
  /** Longest a call waits for its answer, in ms. */
  timeoutMs?: number;
  /** Injected in tests. */
  WebSocket?: typeof WebSocket;
}

/** One connection to a server: calls, subscriptions that survive reconnects, observable state. */
export interface Client {
  /** Rejects with `ProtocolError`; with code `shutting_down` at once while there is no connection. */
  call<M extends MethodName>(
    method: M,
    ...params: Record<string, never> extends Params<M> ? [params?: Params<M>] : [params: Params<M>]
  ): Promise<Result<M>>;
  subscribe(session_id: string, options: SubscribeOptions): Subscription;
  readonly state: ConnectionState;
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Uses another token from now on, and connects again if it was refused. */
  signIn(token: string): void;
  close(): void;
}

export declare function connect(options: ClientOptions): Client;
