import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { methods } from "@cairn/shared/methods";
import type { Service, ServiceMethod } from "../service.ts";
import { tester } from "./service.ts";

/** Calls as a boundary does: params parsed, and the result held to the table. */
export function callService(service: Service) {
  return async <M extends ServiceMethod>(method: M, params: Params<M>): Promise<Result<M>> => {
    const rule = methods[method as MethodName];
    const handler = service[method] as (p: unknown, c: unknown) => Promise<Result<M>>;
    const result = await handler(rule.params.parse(params), tester);
    rule.result.parse(result);
    return result;
  };
}
