import { ProtocolError } from "@cairn/shared/errors";
import { isMethod, methods } from "@cairn/shared/methods";
import type { MethodName, ParsedParams, Result } from "@cairn/shared/methods";
import * as z from "zod/mini";
import { requireRole } from "../auth/authenticator.ts";
import type { Principal } from "../auth/authenticator.ts";
import type { Metrics } from "../metrics.ts";
import type { Subscriber } from "./subscriptions.ts";

z.config(z.locales.en());

/** What a call may do to the WebSocket that it came by. */
export interface Caller extends Subscriber {
  signIn(principal: Principal): void;
}

/** One call and who makes it. */
export interface Call {
  principal: Principal | null;
  /** Null over HTTP. */
  connection: Caller | null;
  /** Runs `work` in the turn in which the reply is written. */
  afterReply: (work: () => void) => void;
}

export type Handlers = {
  [M in MethodName]: (
    params: ParsedParams<M>,
    call: Call & { actor: string },
  ) => Promise<Result<M>> | Result<M>;
};

/** Does one call, from whichever way in; rejects with what `toWire` makes an answer of. */
export type Dispatch = (name: string, params: unknown, call: Call) => Promise<unknown>;

interface Options {
  handlers: Handlers;
  metrics: Pick<Metrics, "called">;
  /** Check each result against the table, for tests and development. */
  checkResults: boolean;
}

/** The sentence and the details for params or results that do not fit their schema. */
function misfit(error: z.core.$ZodError): { message: string; details: Record<string, unknown> } {
  const issues = error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
  const sentences = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  return {
    message: `${sentences.slice(0, 3).join("; ")}.`,
    details: { issues: issues.slice(0, 20) },
  };
}

/** The one way to every method: name, role, params, handler, count. */
export function createDispatch({ handlers, metrics, checkResults }: Options): Dispatch {
  async function run(name: MethodName, raw: unknown, call: Call): Promise<unknown> {
    const rule = methods[name];
    requireRole(call.principal, rule.role);
    const params = z.safeParse(rule.params, raw);
    if (!params.success) {
      const { message, details } = misfit(params.error);
      throw new ProtocolError("invalid_params", `${name}: ${message}`, { details });
    }
    const handler = handlers[name] as (
      params: unknown,
      call: Call & { actor: string },
    ) => Promise<unknown>;
    const actor = call.principal?.actor ?? "nobody";
    const result = await handler(params.data, { ...call, actor });
    if (!checkResults) return result;
    const checked = z.safeParse(rule.result, result);
    if (checked.success) return result;
    throw new Error(
      `${name} answered what its schema does not allow: ${misfit(checked.error).message}`,
    );
  }

  return async (name, params, call) => {
    if (!isMethod(name)) {
      throw new ProtocolError("unknown_method", `There is no method "${name.slice(0, 100)}".`);
    }
    const start = performance.now();
    let outcome = "ok";
    try {
      return await run(name, params, call);
    } catch (error) {
      outcome = error instanceof ProtocolError ? error.code : "internal";
      throw error;
    } finally {
      metrics.called(name, outcome, (performance.now() - start) / 1000);
    }
  };
}
