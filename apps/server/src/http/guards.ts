import type { MiddlewareHandler } from "hono";
import type { AccessList } from "../auth/access.ts";
import type { Authenticator, Principal } from "../auth/authenticator.ts";
import { requireRole } from "../auth/authenticator.ts";
import { bearerOf } from "../auth/secrets.ts";

export interface Env {
  Variables: { principal: Principal | null };
}

const onEveryAnswer = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
} as const;

const nothingRuns =
  "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Headers for every answer, refusals included. A page sets a policy of its own. */
export function securityHeaders(): MiddlewareHandler<Env> {
  return async (context, next) => {
    await next();
    const { headers } = context.res;
    for (const [name, value] of Object.entries(onEveryAnswer)) headers.set(name, value);
    if (!headers.has("content-security-policy")) {
      headers.set("content-security-policy", nothingRuns);
    }
  };
}

export function hostGuard(access: AccessList): MiddlewareHandler<Env> {
  return async (context, next) => {
    access.checkHost(context.req.header("host") ?? null);
    await next();
  };
}

/** For all that can be called: no page of another site. */
export function originGuard(access: AccessList): MiddlewareHandler<Env> {
  return async (context, next) => {
    access.checkOrigin({
      origin: context.req.header("origin") ?? null,
      fetchSite: context.req.header("sec-fetch-site") ?? null,
    });
    await next();
  };
}

/** Finds out who calls; refuses nobody yet. */
export function identify(authenticator: Authenticator): MiddlewareHandler<Env> {
  return async (context, next) => {
    const token = bearerOf(context.req.header("authorization"));
    context.set("principal", await authenticator.principal(token));
    await next();
  };
}

export function requireSignedIn(): MiddlewareHandler<Env> {
  return async (context, next) => {
    requireRole(context.get("principal"), "viewer");
    await next();
  };
}
