import { errors, ProtocolError } from "@cairn/shared/errors";

/** What is shown of a failure: a sentence, the code, and the reference to quote. */
export interface Failure {
  message: string;
  code: string;
  reference: string | null;
  /** Whether trying again, unchanged, can help. */
  retryable: boolean;
  details: Record<string, unknown>;
}

/** Reads any thrown thing. What is no `ProtocolError` is a defect of this page, and is said so. */
export function toFailure(error: unknown): Failure {
  if (error instanceof ProtocolError) {
    const reference = error.details?.["reference"];
    return {
      message: error.message,
      code: error.code,
      reference: typeof reference === "string" ? reference : null,
      retryable: errors[error.code].retryable,
      details: error.details ?? {},
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: "page_error", reference: null, retryable: true, details: {} };
}
