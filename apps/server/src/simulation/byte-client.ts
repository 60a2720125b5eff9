// A client that costs its own process next to nothing: it finds where frames end, and counts.
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** A text frame, masked with zeros. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? 2 : 4;
  const frame = Buffer.alloc(head + 4 + payload.length);
  frame[0] = 0x81;
  frame[1] = 0x80 | (head === 2 ? payload.length : 126);
  if (head === 4) frame.writeUInt16BE(payload.length, 2);
  payload.copy(frame, head + 4);
  return frame;
}

/** Masked with zeros, and empty as our server's pings are. */
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

export class ByteClient {
  readonly socket: Socket;
  readonly #onFrame: ((payload: Buffer) => void) | null;
  #left: Buffer = Buffer.alloc(0);
  #upgraded = false;
  #watch: ((payload: Buffer) => void) | null = null;
  frames = 0;
  bytes = 0;

  private constructor(socket: Socket, onFrame: ((payload: Buffer) => void) | null) {
    this.socket = socket;
    this.#onFrame = onFrame;
    socket.setNoDelay();
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  /** Resolves once the first answer to `requests` has come. */
  static async open(
    port: number,
    requests: readonly object[],
    onFrame: ((payload: Buffer) => void) | null = null,
    path = "/ws",
  ): Promise<ByteClient> {
    const socket = connect(port, "127.0.0.1");
    const client = new ByteClient(socket, onFrame);
    await once(socket, "connect");
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" +
        "Sec-WebSocket-Version: 13\r\n\r\n",
    );
    for (const request of requests) client.send(request);
    while (!client.#upgraded || (requests.length > 0 && client.frames === 0)) {
      if (socket.destroyed) throw new Error("refused");
      await Promise.race([once(socket, "data"), once(socket, "close")]);
    }
    return client;
  }

  send(request: object): void {
    this.sendText(JSON.stringify(request));
  }

  sendText(text: string): void {
    this.socket.write(textFrame(text));
  }

  /** Resolves once a frame with such a text has come. */
  async until(wanted: (text: string) => boolean): Promise<void> {
    let found = false;
    this.#watch = (payload) => (found ||= wanted(payload.toString()));
    // oxlint-disable-next-line no-unmodified-loop-condition -- the watch above sets it
    while (!found) {
      if (this.socket.destroyed) throw new Error("closed");
      await Promise.race([once(this.socket, "data"), once(this.socket, "close")]);
    }
    this.#watch = null;
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length;
    let data = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    if (!this.#upgraded) {
      const end = data.indexOf("\r\n\r\n");
      if (end === -1) {
        this.#left = data;
        return;
      }
      if (!data.subarray(0, 12).equals(Buffer.from("HTTP/1.1 101"))) this.socket.destroy();
      this.#upgraded = true;
      data = data.subarray(end + 4);
    }
    let at = 0;
    while (data.length - at >= 2) {
      const short = data.readUInt8(at + 1);
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (data.length - at < head) break;
      const length =
        head === 2
          ? short
          : head === 4
            ? data.readUInt16BE(at + 2)
            : Number(data.readBigUInt64BE(at + 2));
      if (data.length - at < head + length) break;
      const begin = at + head;
      const opcode = data.readUInt8(at) & 0x0f;
      at = begin + length;
      if (opcode === 9) {
        this.socket.write(pong);
        continue;
      }
      this.frames += 1;
      if (this.#onFrame === null && this.#watch === null) continue;
      const payload = data.subarray(begin, at);
      this.#onFrame?.(payload);
      this.#watch?.(payload);
    }
    this.#left = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
  }
}
