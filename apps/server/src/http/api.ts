import { ProtocolError } from "@cairn/shared/errors";
import { isMethod, methods } from "@cairn/shared/methods";
import { Hono } from "hono";
import type { AtWork } from "../realtime/at-work.ts";
import type { Dispatch } from "../realtime/dispatch.ts";
import { requireRole } from "../auth/authenticator.ts";
import type { Env } from "./guards.ts";
import { checkMediaType, readJson } from "./read-json.ts";

interface Parts {
  dispatch: Dispatch;
  atWork: Pick<AtWork, "begin" | "end">;
  /** Whether nothing new is begun because the server is stopping. */
  stopping: () => boolean;
}

/** `POST /api/<method>` for every method that needs no connection. */
export function apiRoutes({ dispatch, atWork, stopping }: Parts): Hono<Env> {
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
    if (stopping()) {
      throw new ProtocolError("shutting_down", "The server is stopping. Try again in a moment.");
    }
    const afterReply: (() => void)[] = [];
    atWork.begin();
    let result: unknown;
    try {
      result = await dispatch(name, params, {
        principal,
        connection: null,
        afterReply: (work) => afterReply.push(work),
      });
    } finally {
      atWork.end();
    }
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
