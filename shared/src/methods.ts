import type * as z from "zod/mini";
import { checkpointMethods } from "./methods/checkpoints.ts";
import { connectionMethods } from "./methods/connections.ts";
import { restoreMethods } from "./methods/restores.ts";
import { sessionMethods } from "./methods/sessions.ts";
import { upkeepMethods } from "./methods/upkeep.ts";

/** THE table of methods: name → params, result, role. HTTP, WebSocket and OpenAPI serve it. */
export const methods = {
  ...sessionMethods,
  ...checkpointMethods,
  ...restoreMethods,
  ...upkeepMethods,
  ...connectionMethods,
} as const;

export type Methods = typeof methods;
export type MethodName = keyof Methods;
/** Params as a caller gives them: defaults may be left out. */
export type Params<M extends MethodName> = z.input<Methods[M]["params"]>;
/** Params as a handler gets them: parsed, defaults filled in. */
export type ParsedParams<M extends MethodName> = z.output<Methods[M]["params"]>;
export type Result<M extends MethodName> = z.infer<Methods[M]["result"]>;

export const methodNames = Object.keys(methods) as MethodName[];

/** Whether a name that came from outside is in the table. */
export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}
