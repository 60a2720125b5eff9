import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { payloadsOf } from "./frames.ts";

/** Several buffers up to this size are copied into one, which is cheaper than a vectored write. */
const copyBytes = 32 * 1024;

/**
 * Writes whole frames to the TCP socket as they are, past `ws`. That is safe because `ws` writes
 * its own frames (pings, pongs, closes) in the very call that makes them, as long as nothing is
 * compressed and no Blob is sent; so whole frames never get into one another. Under an extension
 * frames would look otherwise: then `ws` sends what they hold.
 */
export function frameWriter(
  ws: WebSocket,
  socket: Duplex,
): (frames: readonly Uint8Array[]) => void {
  if (ws.extensions !== "") {
    return (frames) => {
      for (const frame of frames) {
        for (const payload of payloadsOf(frame)) ws.send(payload, { binary: false });
      }
    };
  }
  return (frames) => {
    const [only] = frames;
    if (frames.length === 1 && only !== undefined) {
      socket.write(only);
      return;
    }
    let size = 0;
    for (const { length } of frames) size += length;
    if (size <= copyBytes) {
      socket.write(Buffer.concat(frames));
      return;
    }
    socket.cork();
    for (const frame of frames) socket.write(frame);
    socket.uncork();
  };
}
