interface ErrorRule {
  /** HTTP status of the same error over `POST /api/<method>`. */
  status: number;
  /** Whether the same call may succeed later without any change by the caller. */
  retryable: boolean;
}

function rule(status: number, retryable = false): ErrorRule {
  return { status, retryable };
}

/** THE table of errors: code → HTTP status and whether trying again can help. */
export const errors = {
  invalid_json: rule(400),
  invalid_params: rule(400),
  unauthenticated: rule(401),
  forbidden: rule(403),
  origin_refused: rule(403),
  host_refused: rule(421),
  unknown_method: rule(404),
  session_not_found: rule(404),
  checkpoint_not_found: rule(404),
  operation_not_found: rule(404),
  /** Anything else that was named and does not exist: annotation, key, subscription, file. */
  not_found: rule(404),
  method_not_allowed: rule(405),
  workspace_changed: rule(409),
  workspace_overlaps: rule(409),
  session_closed: rule(409),
  cancelled: rule(409),
  idempotency_conflict: rule(409),
  nothing_to_undo: rule(409),
  nothing_to_redo: rule(409),
  policy_keeps_nothing: rule(409),
  payload_too_large: rule(413),
  unsupported_media_type: rule(415),
  workspace_unavailable: rule(422, true),
  damaged: rule(422),
  store_full: rule(422, true),
  limit_reached: rule(422),
  rate_limited: rule(429, true),
  internal: rule(500, true),
  shutting_down: rule(503, true),
} as const satisfies Record<string, ErrorRule>;

export type ErrorCode = keyof typeof errors;

/** The only error that crosses a boundary: a code of the table and a sentence for people. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options?: { details?: Record<string, unknown>; cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options?.details;
  }
}

/** Whether a string received from elsewhere is a code of the table. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(errors, code);
}
