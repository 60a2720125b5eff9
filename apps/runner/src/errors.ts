import { isErrorCode, ProtocolError } from "@cairn/shared/errors";
import type { Method, WireError } from "./calls.ts";

/** An error as it is sent to another thread. */
export function toWire(error: unknown): WireError {
  if (error instanceof ProtocolError) {
    const { code, message, details, cause } = error;
    const stack = cause instanceof Error ? cause.stack : undefined;
    return { code, message, ...(details && { details }), ...(stack !== undefined && { stack }) };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  return { message, ...(stack !== undefined && { stack }) };
}

/** The same error on the other side; what is not of the table becomes `internal`. */
export function fromWire(
  { code, message, details, stack }: WireError,
  method: Method,
): ProtocolError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  if (isErrorCode(code))
    return new ProtocolError(code, message, { ...(details && { details }), cause });
  return failed(message, stateAfter(method), { cause });
}

/** What a call gets whose thread ended under it, for whatever reason. */
export function threadEnded(cause: Error | undefined, method: Method): ProtocolError {
  return failed(cause?.message ?? "its thread ended", stateAfter(method), {
    details: { reason: "thread_ended" },
    cause,
  });
}

/** The same for a restore, once it is known whether it could be taken back. */
export function restoreEnded(
  { details, cause }: ProtocolError,
  isTakenBack: boolean,
): ProtocolError {
  const state = isTakenBack
    ? "What it had done was taken back: the folder is as before."
    : "It could not be taken back yet; Cairn does so when it starts next.";
  const why = cause instanceof Error ? cause.message : "its thread ended";
  return failed(why, state, { ...(details && { details }), cause });
}

/** What a call that broke leaves of the folder that it is about. */
function stateAfter(method: Method): string {
  switch (method) {
    case "scan":
    case "dirty":
    case "capture":
    case "plan":
    case "prepare":
    case "diff":
      return "The folder is as before.";
    case "apply":
    case "abandon":
    case "settle":
    case "recover":
      return "What it left undone is done when Cairn starts next.";
    default:
      return "Nothing was changed.";
  }
}

export function isThreadEnded(error: unknown): error is ProtocolError {
  return error instanceof ProtocolError && error.details?.["reason"] === "thread_ended";
}

function failed(
  why: string,
  state: string,
  options: { details?: Record<string, unknown>; cause: unknown },
): ProtocolError {
  return new ProtocolError(
    "internal",
    `The runner failed (${why}). ${state} Nothing that was acknowledged is lost; try again.`,
    options,
  );
}
