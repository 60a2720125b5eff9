import { ProtocolError } from "@cairn/shared/errors";
import { ErrorEnvelope } from "@cairn/shared/envelope";
import type { MethodName, Params, Result } from "@cairn/shared/methods";

interface Server {
  url: string;
  token: string | null;
}

/** A POST of JSON to a path such as `/api/health`, with its own headers over the usual ones. */
export async function post(
  { url, token }: Server,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await fetch(new URL(path, url), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === null || token === "" ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** One call over HTTP; rejects with the `ProtocolError` that it was answered with. */
export async function callOver<M extends MethodName>(
  server: Server,
  method: M,
  params: Params<M>,
): Promise<Result<M>> {
  const response = await post(server, `/api/${method}`, params);
  const body: unknown = await response.json();
  if (response.ok) return (body as { result: Result<M> }).result;
  const { error, error_code, details } = ErrorEnvelope.parse(body);
  throw new ProtocolError(error_code, error, details === undefined ? {} : { details });
}
