import type { ErrorCode } from "./errors.ts";

/**
 * `catching_up`: connected, and events of before are on their way: `done` of `total`, which is 0
 * until the server has said how many. `refused`: the server does not accept this token; nothing is
 * retried until `signIn`. `offline`: a reconnect is due at `retryAt`, in ms since 1970.
 */
export type ConnectionState =
  | { status: "connecting" }
  | { status: "catching_up"; done: number; total: number }
  | { status: "live"; rttMs: number | null }
  | { status: "offline"; retryAt: number }
  | { status: "refused"; code: ErrorCode }
  | { status: "closed" };

/** Whether requests can be sent. */
export function isConnected({ status }: ConnectionState): boolean {
  return status === "live" || status === "catching_up";
}
