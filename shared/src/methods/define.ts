import * as z from "zod/mini";
import { Id } from "../ids.ts";

/** Who may call a method. One admin role exists now; the table is ready for more. */
export type Role = "public" | "viewer" | "operator" | "admin";

/**
 * `read` may overtake other calls: it changes no file and no history of a session; `mutation` is
 * done in the order sent within its session; `connection` belongs to one WebSocket and is not
 * offered over HTTP.
 */
export type MethodKind = "read" | "mutation" | "connection";

/** What every mutation takes: done once however often it is sent under the same key. */
const idempotent = {
  idempotency_key: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
};

interface Method<P, R> {
  kind: MethodKind;
  role: Role;
  summary: string;
  params: P;
  result: R;
}

export function method<S extends z.core.$ZodLooseShape, R extends z.ZodMiniType>(
  kind: "mutation",
  role: Role,
  summary: string,
  params: z.ZodMiniObject<S>,
  result: R,
): Method<z.ZodMiniObject<S & typeof idempotent>, R>;
export function method<P extends z.ZodMiniType, R extends z.ZodMiniType>(
  kind: Exclude<MethodKind, "mutation">,
  role: Role,
  summary: string,
  params: P,
  result: R,
): Method<P, R>;
export function method(
  kind: MethodKind,
  role: Role,
  summary: string,
  params: z.ZodMiniObject,
  result: z.ZodMiniType,
): Method<z.ZodMiniType, z.ZodMiniType> {
  const all = kind === "mutation" ? z.extend(params, idempotent) : params;
  return { kind, role, summary, params: all, result };
}

export const ofSession = { session_id: Id };
export const ofCheckpoint = { session_id: Id, checkpoint_id: Id };
/** Long methods take a client-made id, under which progress is reported and `cancel` finds them. */
export const long = { operation_id: z.optional(Id) };
