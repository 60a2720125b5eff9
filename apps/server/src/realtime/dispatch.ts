import { ProtocolError } from "@cairn/shared/errors";
import { isMethod, methods } from "@cairn/shared/methods";
import type { MethodName, ParsedParams, Result } from "@cairn/shared/methods";
import * as z from "zod/mini";
import { requireRole } from "../auth/authenticator.ts";
import type { Principal } from "../auth/authenticator.ts";
import type { Metrics } from "../metrics.ts";
import type { Receipt } from "../service.ts";
import type { Once } from "./once.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { Subscriber } from "./subscriptions.ts";

z.config(z.locales.en());

/** What a call may do to the WebSocket that it came by. */
export interface Caller extends Subscriber {
  readonly connection_id: string;
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

/** A call as its handler gets it. */
export interface Handled extends Call {
  actor: string;
  /** Only of a mutation under an idempotency key: keeps its answer. */
  receipt?: Receipt;
}

export type Handlers = {
  [M in MethodName]: (params: ParsedParams<M>, call: Handled) => Promise<Result<M>> | Result<M>;
};

/** Does one call, from whichever way in; rejects with what `toWire` makes an answer of. */
export type Dispatch = (name: string, params: unknown, call: Call) => Promise<unknown>;

interface Options {
  handlers: Handlers;
  metrics: Pick<Metrics, "called">;
  /** Without it idempotency keys are refused. */
  once?: Pick<Once, "answer">;
  /** Without it calls are not counted. */
  rate?: Pick<RateLimit, "take">;
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

/** Whose calls are counted together; who has not signed in yet, by connection. */
function callerOf({ principal, connection }: Call): string {
  if (principal !== null) return `actor ${principal.key_id ?? principal.actor}`;
  return connection === null ? "nobody" : `connection ${connection.connection_id}`;
}

type Handler = (params: unknown, call: Handled) => Promise<unknown>;

/** The one way to every method: limit, name, role, params, key, handler, count. */
export function createDispatch(options: Options): Dispatch {
  const { handlers, metrics, once, rate, checkResults } = options;

  async function handle(name: MethodName, params: object, call: Handled): Promise<unknown> {
    const handler = handlers[name] as Handler;
    const { idempotency_key: key, ...rest } = params as { idempotency_key?: string };
    if (key === undefined || methods[name].kind !== "mutation") return await handler(params, call);
    if (once === undefined) {
      throw new ProtocolError("invalid_params", "Idempotency keys are not kept here.");
    }
    const keyed = { actor: call.actor, method: name, key, params: rest };
    return await once.answer(keyed, (receipt) => handler(rest, { ...call, receipt }));
  }

  async function run(name: MethodName, raw: unknown, call: Call): Promise<unknown> {
    const rule = methods[name];
    requireRole(call.principal, rule.role);
    const params = z.safeParse(rule.params, raw);
    if (!params.success) {
      const { message, details } = misfit(params.error);
      throw new ProtocolError("invalid_params", `${name}: ${message}`, { details });
    }
    const actor = call.principal?.actor ?? "nobody";
    const result = await handle(name, params.data, { ...call, actor });
    if (!checkResults) return result;
    const checked = z.safeParse(rule.result, result);
    if (checked.success) return result;
    throw new Error(
      `${name} answered what its schema does not allow: ${misfit(checked.error).message}`,
    );
  }

  return async (name, params, call) => {
    const start = performance.now();
    let outcome = "ok";
    // A client's own names must not become labels without end.
    const label = isMethod(name) ? name : "unknown";
    try {
      if (name !== "ack") rate?.take(callerOf(call));
      if (!isMethod(name)) {
        throw new ProtocolError("unknown_method", `There is no method "${name.slice(0, 100)}".`);
      }
      return await run(name, params, call);
    } catch (error) {
      outcome = error instanceof ProtocolError ? error.code : "internal";
      throw error;
    } finally {
      metrics.called(label, outcome, (performance.now() - start) / 1000);
    }
  };
}
