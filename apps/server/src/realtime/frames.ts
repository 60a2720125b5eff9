import type { TransientMessage } from "@cairn/shared/events";
import type { Framing } from "./sink.ts";

/** Adds what differs between filter classes, and under `ack` between deliveries. */
export function spliced(json: string, prev: number, redelivered = 0): string {
  const again = redelivered === 0 ? "" : `,"redelivered":${redelivered}`;
  return `${json.slice(0, -1)},"prev":${prev}${again}}`;
}

export function batched(jsons: readonly string[]): string {
  return `{"event_type":"batch","events":[${jsons.join(",")}]}`;
}

export const aboutBatch = { event_type: "batch" };

export function transientFrame(framing: Framing, message: TransientMessage): Uint8Array {
  return framing(JSON.stringify(message), { event_type: message.event_type });
}

/** FIN and the opcode of a text message. */
const text = 0x81;

/** One unmasked WebSocket text frame, header included: what a server writes to its socket. */
export const webSocketFraming: Framing = (json) => {
  const length = Buffer.byteLength(json);
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = text;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(json, header);
  return frame;
};

/** The payloads of frames that `webSocketFraming` made. */
export function* payloadsOf(frames: Uint8Array): Generator<Buffer> {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1] ?? 0;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      header === 2
        ? short
        : header === 4
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    yield bytes.subarray(at + header, at + header + length);
    at += header + length;
  }
}
