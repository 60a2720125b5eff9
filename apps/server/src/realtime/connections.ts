import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import type { Principal } from "../auth/authenticator.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { closeCodes } from "./close-codes.ts";
import { Connection } from "./connection.ts";
import type { Dispatch } from "./dispatch.ts";
import { livenessTimes } from "./liveness.ts";
import type { LivenessTimes } from "./liveness.ts";

interface Options {
  dispatch: Dispatch;
  log: Logger;
  metrics: Pick<Metrics, "closed">;
  times?: LivenessTimes;
}

/** The open WebSocket connections of a process. */
export class Connections {
  readonly #options: Options;
  readonly #open = new Set<Connection>();

  constructor(options: Options) {
    this.#options = options;
  }

  get count(): number {
    return this.#open.size;
  }

  open(ws: WebSocket, request: IncomingMessage, principal: Principal | null): Connection {
    const { dispatch, log, metrics, times = livenessTimes } = this.#options;
    const connection = new Connection({
      ws,
      socket: request.socket,
      principal,
      dispatch,
      log,
      times,
      onClosing: (code) => metrics.closed(code),
    });
    this.#open.add(connection);
    ws.once("close", () => {
      connection.ended();
      this.#open.delete(connection);
    });
    return connection;
  }

  /** Signs out every connection that a revoked key signed in. */
  revoked(key_id: string): void {
    for (const connection of this.#open) {
      if (connection.principal?.key_id !== key_id) continue;
      // After the reply, when it revoked its own key.
      setImmediate(() => connection.close(closeCodes.revoked, "this browser key was revoked"));
    }
  }

  /** Closes all with 1012; those that do not answer within `graceMs` are cut. */
  async drain(graceMs: number): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const connection of this.#open) connection.terminate();
        resolve();
      }, graceMs);
      const check = setInterval(() => {
        if (this.#open.size > 0) return;
        clearTimeout(timer);
        clearInterval(check);
        resolve();
      }, 5);
      timer.unref();
      void timer;
    });
    for (const connection of this.#open) connection.close(closeCodes.restart, "restarting");
    await gone;
  }
}
