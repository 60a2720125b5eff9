import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { closeCodes } from "./close-codes.ts";

/** What a socket may hold that the kernel has not taken, before it is closed to resume by cursor. */
const holdBytes = 8 * 1024 * 1024;
/** Replays wait while more than this is held. */
const replayBytes = 256 * 1024;

interface Options {
  ws: WebSocket;
  /** The TCP socket below it. */
  socket: Duplex;
  /** Ends the connection with a close code. */
  close: (code: number, reason: string) => void;
}

/** What goes out on one socket: the frames of one tick leave in one write, and what waits is bounded. */
export class Outbox {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #close: Options["close"];
  #corked = false;
  #over = false;

  constructor({ ws, socket, close }: Options) {
    this.#ws = ws;
    this.#socket = socket;
    this.#close = close;
  }

  /** Sends a text frame; dropped when the socket is closing. */
  send(frame: string | Uint8Array): void {
    if (this.#over || this.#ws.readyState !== this.#ws.OPEN) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    this.#ws.send(frame, { binary: false });
    if (this.#ws.bufferedAmount <= holdBytes) return;
    this.#over = true;
    this.#close(closeCodes.slow, "too slow: connect again and resume");
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket.uncork();
  };

  /** Resolves once little enough waits to replay more, or the socket is gone. */
  async drained(): Promise<void> {
    while (!this.#socket.destroyed && this.#ws.bufferedAmount > replayBytes) {
      // "drain" is only emitted after a write that filled the buffer, as this one is.
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#socket.off("drain", done).off("close", done);
          resolve();
        };
        this.#socket.on("drain", done).on("close", done);
      });
    }
  }
}
