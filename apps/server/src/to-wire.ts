import { randomBytes } from "node:crypto";
import type { ErrorEnvelope } from "@cairn/shared/envelope";
import { errors, ProtocolError } from "@cairn/shared/errors";
import type { Logger } from "./log.ts";

export interface WireError {
  /** HTTP status of the table. */
  status: number;
  body: ErrorEnvelope;
}

/**
 * The one way an error leaves the server. What is no `ProtocolError` becomes `internal` with a
 * reference, under which the log has its cause.
 */
export function toWire(error: unknown, log: Logger): WireError {
  if (error instanceof ProtocolError && error.code !== "internal") return wireOf(error);
  const reference = randomBytes(6).toString("hex");
  log.error({ err: error, reference }, "a call failed unexpectedly");
  const message = `Something went wrong in the server. Its log has the cause under ${reference}.`;
  return wireOf(new ProtocolError("internal", message, { details: { reference } }));
}

function wireOf({ code, message, details }: ProtocolError): WireError {
  return {
    status: errors[code].status,
    body: {
      success: false,
      error: message,
      error_code: code,
      ...(details === undefined ? {} : { details }),
    },
  };
}
