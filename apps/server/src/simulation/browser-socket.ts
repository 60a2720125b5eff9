// The client's end of a link as a browser's WebSocket, with its own reading of the frames: what
// the server writes is checked by other code than that which wrote it.
import { randomBytes } from "node:crypto";
import type { ClientEnd, Link } from "./link.ts";

const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

function masked(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 0xff]);
  if (length > 0xffff) throw new Error("the simulation sends no frame as long as this");
  const mask = randomBytes(4);
  const body = Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
  return Buffer.concat([head, mask, body]);
}

type Listener = (event: { data?: unknown; code?: number }) => void;

/** Makes the link of a new connection; null when nobody listens. */
export type Dial = (client: ClientEnd) => Link | null;

/** What the shared client uses of a WebSocket. */
export class BrowserSocket implements ClientEnd {
  readyState = 0;
  readonly #listeners = new Map<string, Listener[]>();
  readonly #link: Link | null;
  #received: Buffer = Buffer.alloc(0);
  #upgraded = false;
  #closeCode = 1006;
  #over = false;

  constructor(dial: Dial) {
    this.#link = dial(this);
    if (this.#link === null) queueMicrotask(() => this.gone());
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  #emit(type: string, event: { data?: unknown; code?: number }): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  send(text: string): void {
    if (this.readyState === 1) this.#link?.clientWrote(masked(opcodes.text, Buffer.from(text)));
  }

  close(code = 1005): void {
    if (this.readyState > 1) return;
    this.readyState = 2;
    const payload = Buffer.alloc(code === 1005 ? 0 : 2);
    if (code !== 1005) payload.writeUInt16BE(code);
    this.#link?.clientWrote(masked(opcodes.close, payload));
  }

  bytes(chunk: Buffer): void {
    if (this.#over) return;
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (!this.#upgraded) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end === -1) return;
      this.#received = this.#received.subarray(end + 4);
      this.#upgraded = true;
      if (this.readyState === 0) {
        this.readyState = 1;
        this.#emit("open", {});
      }
    }
    while (!this.#over && this.#frame()) continue;
  }

  #frame(): boolean {
    const [first, second] = this.#received;
    if (first === undefined || second === undefined) return false;
    const short = second & 0x7f;
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = 2 + extra;
    if (this.#received.length < start) return false;
    const length =
      extra === 0
        ? short
        : extra === 2
          ? this.#received.readUInt16BE(2)
          : Number(this.#received.readBigUInt64BE(2));
    if (this.#received.length < start + length) return false;
    const payload = this.#received.subarray(start, start + length);
    this.#received = this.#received.subarray(start + length);
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error("a frame of no server");
    if ((first & 0x80) === 0) throw new Error("the server sends whole frames only");
    this.#take(first & 0x0f, payload);
    return true;
  }

  #take(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case opcodes.text:
        if (this.readyState === 1) this.#emit("message", { data: payload.toString("utf8") });
        return;
      case opcodes.ping:
        this.#link?.clientWrote(masked(opcodes.pong, payload));
        return;
      case opcodes.pong:
        return;
      case opcodes.close: {
        this.#closeCode = payload.length >= 2 ? payload.readUInt16BE() : 1005;
        if (this.readyState === 1) {
          this.readyState = 2;
          this.#link?.clientWrote(masked(opcodes.close, payload.subarray(0, 2)));
        }
        return;
      }
      default:
        throw new Error(`opcode ${opcode} from the server`);
    }
  }

  gone(): void {
    if (this.#over) return;
    this.#over = true;
    this.readyState = 3;
    this.#emit("close", { code: this.#closeCode });
  }
}
