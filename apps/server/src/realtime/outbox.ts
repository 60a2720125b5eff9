import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { closeCodes } from "./close-codes.ts";
import { frameWriter } from "./frame-writer.ts";
import { webSocketFraming } from "./frames.ts";
import type { Sink } from "./sink.ts";

/** Answers that a socket may hold before it is closed: subscriptions stop long before. */
const holdBytes = 8 * 1024 * 1024;
const nothing = Buffer.alloc(0);
const answer = { event_type: "" };

interface Options {
  ws: WebSocket;
  /** The TCP socket below it. */
  socket: Duplex;
  /** Ends the connection with a close code. */
  close: (code: number, reason: string) => void;
}

/** What goes out on one socket; the frames of one tick leave in one write. */
export class Outbox implements Sink {
  readonly framing = webSocketFraming;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #close: Options["close"];
  readonly #write: (frames: readonly Uint8Array[]) => void;
  #corked = false;
  #over = false;
  #draining: Promise<void> | null = null;

  constructor({ ws, socket, close }: Options) {
    this.#ws = ws;
    this.#socket = socket;
    this.#close = close;
    this.#write = frameWriter(ws, socket);
  }

  /** Sends a text, such as an answer, or frames; dropped when the socket is closing. */
  send(what: string | readonly Uint8Array[]): void {
    if (this.#over || this.#ws.readyState !== this.#ws.OPEN) return;
    if (typeof what !== "string") {
      this.#write(what);
      return;
    }
    // What else is sent in this tick goes with it.
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    this.#write([webSocketFraming(what, answer)]);
    if (this.held() <= holdBytes) return;
    this.#over = true;
    this.#close(closeCodes.slow, "too slow: connect again and resume");
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket.uncork();
  };

  held(): number {
    return this.#socket.writableLength;
  }

  /** Resolves once the kernel has taken what was sent before, or the socket is gone. */
  async drained(): Promise<void> {
    const socket = this.#socket;
    if (this.held() === 0 || socket.destroyed || socket.writableEnded) return;
    this.#draining ??= new Promise<void>((resolve) => {
      const done = (): void => {
        this.#draining = null;
        socket.off("close", done);
        resolve();
      };
      socket.on("close", done);
      // "drain" comes only after a write that filled the buffer; this comes after them all.
      socket.write(nothing, done);
    });
    await this.#draining;
  }
}
