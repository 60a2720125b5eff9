import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { closeCodes } from "./close-codes.ts";
import { payloadsOf, webSocketFraming } from "./frames.ts";
import type { Sink } from "./sink.ts";

/** Answers that a socket may hold before it is closed: subscriptions stop long before. */
const holdBytes = 8 * 1024 * 1024;
/** Several buffers up to this size are copied into one, which is cheaper than a vectored write. */
const copyBytes = 32 * 1024;
const nothing = Buffer.alloc(0);

interface Options {
  ws: WebSocket;
  /** The TCP socket below it. */
  socket: Duplex;
  /** Ends the connection with a close code. */
  close: (code: number, reason: string) => void;
}

/**
 * What goes out on one socket: the frames of one tick leave in one write. Frames come whole, with
 * their headers, and are written to the TCP socket as they are. `ws` writes its own (pings, pongs,
 * closes) in the call that makes them as long as nothing is compressed, so whole frames never
 * get into one another.
 */
export class Outbox implements Sink {
  readonly framing = webSocketFraming;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #close: Options["close"];
  readonly #isRaw: boolean;
  #corked = false;
  #over = false;
  #draining: Promise<void> | null = null;

  constructor({ ws, socket, close }: Options) {
    this.#ws = ws;
    this.#socket = socket;
    this.#close = close;
    // With an extension the frames would have to look otherwise.
    this.#isRaw = ws.extensions === "";
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
    this.#write([webSocketFraming(what, { event_type: "" })]);
    if (this.held() <= holdBytes) return;
    this.#over = true;
    this.#close(closeCodes.slow, "too slow: connect again and resume");
  }

  #write(frames: readonly Uint8Array[]): void {
    const [only] = frames;
    if (!this.#isRaw) {
      for (const frame of frames) {
        for (const payload of payloadsOf(frame)) this.#ws.send(payload, { binary: false });
      }
    } else if (frames.length === 1 && only !== undefined) {
      this.#socket.write(only);
    } else if (sizeOf(frames) <= copyBytes) {
      this.#socket.write(Buffer.concat(frames));
    } else {
      this.#socket.cork();
      for (const frame of frames) this.#socket.write(frame);
      this.#socket.uncork();
    }
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
      // "drain" comes only after a write that filled the buffer; this is called after them all.
      socket.write(nothing, done);
    });
    await this.#draining;
  }
}

function sizeOf(frames: readonly Uint8Array[]): number {
  let size = 0;
  for (const { length } of frames) size += length;
  return size;
}
