import { ProtocolError } from "@cairn/shared/errors";
import type { Progress } from "./runner.ts";

/** What work inside a thread tells whoever waits for it, and asks between its steps. */
export interface WorkHooks {
  onProgress?: (progress: Progress) => void;
  /** Throws `cancelled` once whoever waits has given the call up. Costs about 10 ns. */
  check?: () => void;
}

export function cancelled(): ProtocolError {
  return new ProtocolError("cancelled", "This was cancelled, and nothing of it was kept.");
}

/** A flag in memory that threads share, set once the signal is aborted, until `release`. */
export function shareSignal(signal: AbortSignal): {
  flag: SharedArrayBuffer;
  release: () => void;
} {
  const flag = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const raise = (): void => {
    Atomics.store(new Int32Array(flag), 0, 1);
  };
  if (signal.aborted) raise();
  signal.addEventListener("abort", raise, { once: true });
  return { flag, release: () => signal.removeEventListener("abort", raise) };
}

/** `WorkHooks.check` for the flag, as the other thread sees it. */
export function checkOf(flag: SharedArrayBuffer): () => void {
  const view = new Int32Array(flag);
  return () => {
    if (Atomics.load(view, 0) !== 0) throw cancelled();
  };
}
