import { ProtocolError } from "@cairn/shared/errors";
import { isMethod, methods } from "@cairn/shared/methods";
import { Hono } from "hono";
import type { Dispatch } from "../realtime/dispatch.ts";
import { requireRole } from "../auth/authenticator.ts";
import type { Env } from "./guards.ts";
import { checkMediaType, readJson } from "./read-json.ts";

/** `POST /api/<method>` for every method that needs no connection. */
export function apiRoutes(dispatch: Dispatch): Hono<Env> {
  const routes = new Hono<Env>();
  routes.post("/:method", async (context) => {
    const name = context.req.param("method");
    if (!isMethod(name) || methods[name].kind === "connection") {
      const known = isMethod(name);
      const message = known
        ? `${name} belongs to a WebSocket connection: send it on /ws.`
        : `There is no method "${name.slice(0, 100)}". GET /api/openapi.json lists them.`;
      throw new ProtocolError("unknown_method", message);
    }
    checkMediaType(context.req.raw.headers);
    const principal = context.get("principal");
    // Before a body is read for someone who may not send one.
    requireRole(principal, methods[name].role);
    const params = await readJson(context.req.raw);
    const afterReply: (() => void)[] = [];
    const result = await dispatch(name, params, {
      principal,
      connection: null,
      afterReply: (work) => afterReply.push(work),
    });
    for (const work of afterReply) work();
    return context.json({ success: true, result });
  });
  // Nothing is changed, or even done, by a GET.
  routes.all("*", (context) => {
    throw new ProtocolError(
      "method_not_allowed",
      `${context.req.method} is not allowed here: call methods by POST /api/<method>.`,
    );
  });
  return routes;
}
