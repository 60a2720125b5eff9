import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import type { Principal } from "../auth/authenticator.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { AtWork } from "./at-work.ts";
import { closeCodes } from "./close-codes.ts";
import { Connection } from "./connection.ts";
import type { Connected, ConnectionFacts } from "./connection-facts.ts";
import type { Dispatch } from "./dispatch.ts";
import { livenessTimes } from "./liveness.ts";
import type { LivenessTimes } from "./liveness.ts";
import type { Active } from "./subscriptions.ts";

const signInMs = 30_000;

interface Options {
  dispatch: Dispatch;
  log: Logger;
  metrics: Pick<Metrics, "closed">;
  /** Calls at work, of whatever way in. */
  atWork?: AtWork;
  times?: LivenessTimes;
  /** How long a connection may stay without anybody signed in, in ms. */
  signInMs?: number;
  now?: () => number;
}

/** The open WebSocket connections of a process. */
export class Connections {
  readonly #options: Options;
  readonly #open = new Set<Connection>();
  readonly #watchers = new Set<() => void>();
  readonly #atWork: AtWork;

  constructor(options: Options) {
    this.#options = options;
    this.#atWork = options.atWork ?? new AtWork();
  }

  get count(): number {
    return this.#open.size;
  }

  open(ws: WebSocket, request: IncomingMessage, principal: Principal | null): Connection {
    const { dispatch, log, metrics, now = Date.now } = this.#options;
    const connection = new Connection({
      ws,
      // Of the handshake nothing else is kept, as it weighs as much as all the rest.
      socket: request.socket,
      remote: request.socket.remoteAddress ?? "",
      user_agent: request.headers["user-agent"]?.slice(0, 200) ?? null,
      connection_id: randomUUID(),
      since: new Date(now()).toISOString(),
      principal,
      dispatch,
      atWork: this.#atWork,
      log,
      times: this.#options.times ?? livenessTimes,
      signInMs: this.#options.signInMs ?? signInMs,
      onClosing: (code) => metrics.closed(code),
    });
    this.#open.add(connection);
    ws.once("close", () => {
      connection.ended();
      this.#open.delete(connection);
      for (const watcher of this.#watchers) watcher();
    });
    return connection;
  }

  /** What all connections together are subscribed to. */
  *subscriptions(): Generator<Active> {
    for (const { subscriptions } of this.#open) yield* subscriptions.values();
  }

  /** Who is connected, the longest first. */
  facts(current: Pick<Connected, "connection_id"> | null): ConnectionFacts[] {
    return [...this.#open].map((connection) => ({
      ...connection.facts(),
      current: connection.connection_id === current?.connection_id,
    }));
  }

  /** Signs out every connection that a revoked key signed in. */
  revoked(key_id: string): void {
    for (const connection of this.#open) {
      if (connection.principal?.key_id !== key_id) continue;
      // After the reply, when it revoked its own key.
      setImmediate(() => connection.close(closeCodes.revoked, "this browser key was revoked"));
    }
  }

  /** Begins no call any more: what is still sent is answered with `shutting_down`. */
  refuse(): void {
    for (const connection of this.#open) connection.refuse();
  }

  /**
   * Closes all with 1012 and after how many ms to come back; those that do not answer within
   * `graceMs` are cut.
   */
  async drain(graceMs: number, retryMs = (): number => 0): Promise<void> {
    for (const connection of this.#open) {
      connection.close(closeCodes.restart, `restarting; retry_after_ms=${retryMs()}`);
    }
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      const gone = (): void => {
        if (this.#open.size > 0) return;
        clearTimeout(timer);
        this.#watchers.delete(gone);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(gone);
        for (const connection of this.#open) connection.terminate();
        resolve();
      }, graceMs);
      this.#watchers.add(gone);
    });
  }
}
