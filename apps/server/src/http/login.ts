import { ProtocolError } from "@cairn/shared/errors";
import { Hono } from "hono";
import * as z from "zod/mini";
import { Attempts } from "../auth/attempts.ts";
import { requireRole } from "../auth/authenticator.ts";
import type { BrowserKeys } from "../auth/browser-keys.ts";
import { labelOf } from "../auth/browser-label.ts";
import type { LoginCodes } from "../auth/login-codes.ts";
import type { Env } from "./guards.ts";
import { checkMediaType, readJson } from "./read-json.ts";

const Login = z.object({ code: z.string().check(z.minLength(1), z.maxLength(200)) });

interface Parts {
  codes: LoginCodes;
  keys: BrowserKeys;
  now: () => number;
  /** The link that signs a browser in with this code. */
  loginUrl: (code: string) => string;
}

/** Trading a one-time code for a browser key, and getting a fresh code. */
export function loginRoutes({ codes, keys, now, loginUrl }: Parts): Hono<Env> {
  const attempts = new Attempts({ limit: 20, windowMs: 60_000, now });
  const routes = new Hono<Env>();
  routes.post("/login", async (context) => {
    checkMediaType(context.req.raw.headers);
    const body = Login.safeParse(await readJson(context.req.raw));
    if (!body.success) throw new ProtocolError("invalid_params", 'Send {"code": "…"}.');
    // A good code always works: nobody may lock a person out by sending bad ones.
    if (!codes.redeem(body.data.code)) {
      attempts.check();
      attempts.failed();
      throw new ProtocolError(
        "unauthenticated",
        "This login link was used already, or is older than 5 minutes. `npm run login` prints a fresh one.",
      );
    }
    const label = labelOf(context.req.header("user-agent"), context.req.header("sec-ch-ua"));
    const result = await keys.create(label);
    context.header("cache-control", "no-store");
    return context.json({ success: true, result });
  });
  routes.post("/login-code", (context) => {
    checkMediaType(context.req.raw.headers);
    requireRole(context.get("principal"), "admin");
    const code = codes.issue();
    context.header("cache-control", "no-store");
    return context.json({ success: true, result: { code, login_url: loginUrl(code) } });
  });
  return routes;
}
