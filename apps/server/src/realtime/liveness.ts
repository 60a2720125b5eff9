import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

export interface LivenessTimes {
  pingMs: number;
  deadMs: number;
}

export const livenessTimes: LivenessTimes = { pingMs: 25_000, deadMs: 10_000 };

interface Options {
  ws: WebSocket;
  /** The TCP socket below it. */
  socket: Duplex & { bytesRead?: number };
  times: LivenessTimes;
  /** Whether we have stopped reading: then nothing the peer sends can be seen. */
  paused: () => boolean;
}

/** Pings a socket and ends it when neither a pong nor anything else came; returns how to stop. */
export function keepAlive({ ws, socket, times, paused }: Options): () => void {
  let deadline: NodeJS.Timeout | undefined;
  const check = (readBefore: number, heldBefore: number): void => {
    const read = (socket.bytesRead ?? 0) !== readBefore;
    // A client that is slow to read may have our ping still before it: taking bytes is life too.
    const taken = heldBefore > 0 && ws.bufferedAmount < heldBefore;
    if (!read && !taken) ws.terminate();
  };
  const interval = setInterval(() => {
    if (paused() || ws.readyState !== ws.OPEN) return;
    ws.ping();
    clearTimeout(deadline);
    deadline = setTimeout(check, times.deadMs, socket.bytesRead ?? 0, ws.bufferedAmount).unref();
  }, times.pingMs).unref();
  return () => {
    clearInterval(interval);
    clearTimeout(deadline);
  };
}
