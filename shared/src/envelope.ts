import * as z from "zod/mini";
import { errors, type ErrorCode } from "./errors.ts";

/** What a client sends. `id` comes back on the response; a number is accepted and echoed. */
export const Request = z.object({
  id: z.union([z.string().check(z.minLength(1), z.maxLength(200)), z.number()]),
  method: z.string(),
  params: z._default(z.record(z.string(), z.unknown()), {}),
});
export type Request = z.infer<typeof Request>;

/** The id of a response to something that had none, such as malformed JSON. */
export const unknownId = "unknown";

const ErrorBody = {
  success: z.literal(false),
  /** A sentence for people. */
  error: z.string(),
  error_code: z.enum(Object.keys(errors) as [ErrorCode, ...ErrorCode[]]),
  details: z.optional(z.record(z.string(), z.unknown())),
};

/** Body of a failed call over HTTP. */
export const ErrorEnvelope = z.object(ErrorBody);
export type ErrorEnvelope = z.infer<typeof ErrorEnvelope>;

export const Response = z.union([
  z.object({
    id: z.union([z.string(), z.number()]),
    success: z.literal(true),
    result: z.unknown(),
  }),
  z.object({ id: z.union([z.string(), z.number()]), ...ErrorBody }),
]);
export type Response = z.infer<typeof Response>;
