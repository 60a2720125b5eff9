import type { EventLine } from "../storage/store.ts";
import type { Bounds, Chunk } from "./chunk.ts";
import { aboutBatch, batched, spliced } from "./frames.ts";
import type { Framing } from "./sink.ts";

interface Options extends Bounds {
  framing: Framing;
  /** `prev` of the first. */
  prev: number;
  /** How often an event was sent before. */
  times: (seq: number) => number;
  /** In one frame. */
  isBatch: boolean;
}

/**
 * Events for one subscription alone: from the log, where no others read with it, or sent again.
 * Null when there is none; the first is given however large it is.
 */
export function encodeApart(lines: readonly EventLine[], options: Options): Chunk | null {
  const { framing, times, isBatch, events, bytes, until } = options;
  const seqs: number[] = [];
  const jsons: string[] = [];
  const frames: Uint8Array[] = [];
  let { prev } = options;
  let size = 0;
  for (const { seq, epoch, event_type, json } of lines.slice(0, events)) {
    if (seq > until) break;
    const whole = spliced(json, prev, times(seq));
    const frame = isBatch ? null : framing(whole, { event_type, epoch, seq });
    size += frame?.length ?? whole.length;
    if (size > bytes && seqs.length > 0) break;
    if (frame === null) jsons.push(whole);
    else frames.push(frame);
    seqs.push(seq);
    prev = seq;
  }
  if (seqs.length === 0) return null;
  const whole = isBatch ? framing(batched(jsons), aboutBatch) : Buffer.concat(frames);
  return { bytes: whole, seqs, prev: options.prev };
}
