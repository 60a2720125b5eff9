// Reads what a server writes: other code than that which wrote it, and stricter than a browser.

export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

export interface ServerFrame {
  opcode: number;
  payload: Buffer;
  /** As it stood on the wire. */
  raw: Buffer;
}

/** Bytes in, whole frames out; first of all the answer to the handshake. */
export class FrameReader {
  #left: Buffer = Buffer.alloc(0);
  /** The handshake's answer, once it is whole. */
  head: Buffer | null = null;

  push(chunk: Buffer): ServerFrame[] {
    this.#left = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    if (this.head === null) {
      const end = this.#left.indexOf("\r\n\r\n");
      if (end === -1) return [];
      this.head = this.#left.subarray(0, end + 4);
      this.#left = this.#left.subarray(end + 4);
    }
    const frames: ServerFrame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): ServerFrame | null {
    const [first, second] = this.#left;
    if (first === undefined || second === undefined) return null;
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error("no frame of a server");
    if ((first & 0x80) === 0) throw new Error("the server sends whole frames only");
    const extra = second === 126 ? 2 : second === 127 ? 8 : 0;
    const start = 2 + extra;
    if (this.#left.length < start) return null;
    const length =
      extra === 0
        ? second
        : extra === 2
          ? this.#left.readUInt16BE(2)
          : Number(this.#left.readBigUInt64BE(2));
    if (this.#left.length < start + length) return null;
    const raw = this.#left.subarray(0, start + length);
    this.#left = this.#left.subarray(start + length);
    return { opcode: first & 0x0f, payload: raw.subarray(start), raw };
  }
}

/** The session of each logged event that a frame carries. */
export function eventsIn({ opcode, payload }: ServerFrame): string[] {
  if (opcode !== opcodes.text || !payload.subarray(0, 14).equals(eventStart)) return [];
  type Event = { seq?: number; data: { session_id: string } };
  const message = JSON.parse(payload.toString()) as Event & { events?: Event[] };
  const events = message.events ?? [message];
  return events.flatMap(({ seq, data }) => (seq === undefined ? [] : [data.session_id]));
}

const eventStart = Buffer.from('{"event_type":');
