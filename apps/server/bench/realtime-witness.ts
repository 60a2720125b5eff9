// Clients that note when each event came, in a process of their own.
import { ByteClient } from "../src/simulation/byte-client.ts";

export interface WitnessOrder {
  port: number;
  session_id: string;
  clients: number;
}
/** Seqs and when they came, in ms since 1970. */
export interface Arrivals {
  seqs: number[];
  at: number[];
}

let arrivals: Arrivals = { seqs: [], at: [] };

function note(payload: Buffer): void {
  const at = performance.timeOrigin + performance.now();
  const seq = /"seq":(\d+),"epoch"/.exec(payload.toString("latin1"))?.[1];
  if (seq === undefined) return;
  arrivals.seqs.push(Number(seq));
  arrivals.at.push(at);
}

async function obey(message: WitnessOrder | "tell"): Promise<void> {
  if (message === "tell") {
    process.send?.(arrivals);
    arrivals = { seqs: [], at: [] };
    return;
  }
  const { port, session_id, clients } = message;
  const request = { id: "1", method: "subscribe", params: { session_id } };
  for (let n = 0; n < clients; n += 1) await ByteClient.open(port, [request], note);
  process.send?.({ ready: true });
}

process.on("message", (message: WitnessOrder | "tell") => void obey(message));
process.on("disconnect", () => process.exit(0));
