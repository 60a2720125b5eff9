import { isErrorCode, ProtocolError } from "@cairn/shared/errors";
import type { WireError } from "./calls.ts";

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
export function fromWire({ code, message, details, stack }: WireError): ProtocolError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  if (isErrorCode(code))
    return new ProtocolError(code, message, { ...(details && { details }), cause });
  return failed(message, { cause });
}

/** What a call gets whose thread ended under it, for whatever reason. */
export function threadEnded(cause: Error | undefined): ProtocolError {
  return failed(cause?.message ?? "its thread ended", {
    details: { reason: "thread_ended" },
    cause,
  });
}

export function isThreadEnded(error: unknown): boolean {
  return error instanceof ProtocolError && error.details?.["reason"] === "thread_ended";
}

function failed(
  why: string,
  options: { details?: Record<string, unknown>; cause: unknown },
): ProtocolError {
  return new ProtocolError(
    "internal",
    `The runner failed (${why}). Nothing that was acknowledged is lost; try again.`,
    options,
  );
}
