import { Request, unknownId } from "@cairn/shared/envelope";
import type { Response } from "@cairn/shared/envelope";
import { ProtocolError } from "@cairn/shared/errors";
import { isMethod, methods } from "@cairn/shared/methods";
import { caps } from "@cairn/shared/session";
import { parseJson } from "../parse-json.ts";

export type RequestId = Response["id"];

/** A request; without an id it is an `ack` whose sender wants no answer. */
export type Incoming = Omit<Request, "id"> & { id: RequestId | null };

/** What a message is: a request, or an error to be answered under that id. */
export type Read = { request: Incoming } | { id: RequestId; error: unknown };

/** Reads a message as it came: text, or a binary frame, which the protocol does not have. */
export function readRequest(data: string | Uint8Array): Read {
  try {
    if (typeof data !== "string") {
      throw new ProtocolError("invalid_json", "Requests are text frames, not binary ones.");
    }
    if (Buffer.byteLength(data) > caps.inbound_bytes) {
      const message = `A request may have at most ${caps.inbound_bytes} bytes.`;
      throw new ProtocolError("payload_too_large", message);
    }
    const json = parseJson(data);
    const request = Request.safeParse(json);
    if (request.success) return { request: request.data };
    const ack = ackWithoutId(json);
    if (ack !== null) return { request: ack };
    const message = 'A request is {"id": …, "method": …, "params": {…}}.';
    return { id: idOf(json), error: new ProtocolError("invalid_params", message) };
  } catch (error) {
    return { id: typeof data === "string" ? idIn(data) : unknownId, error };
  }
}

function ackWithoutId(json: unknown): Incoming | null {
  if (typeof json !== "object" || json === null || "id" in json) return null;
  const request = Request.safeParse({ ...json, id: unknownId });
  return request.success && request.data.method === "ack" ? { ...request.data, id: null } : null;
}

function idOf(json: unknown): RequestId {
  const id = typeof json === "object" && json !== null && "id" in json ? json.id : undefined;
  return (typeof id === "string" && id !== "" && id.length <= 200) || typeof id === "number"
    ? id
    : unknownId;
}

/** The id of a request that is too large to be parsed, so that its caller learns of it. */
function idIn(data: string): RequestId {
  if (data.length <= caps.inbound_bytes / 3) return unknownId;
  const found = /^\s*\{\s*"id"\s*:\s*("[^"\\\p{Cc}]{1,200}"|[1-9]\d{0,14})\s*,/u.exec(
    data.slice(0, 512),
  )?.[1];
  return found === undefined ? unknownId : (JSON.parse(found) as RequestId);
}

/** What goes one after the other: mutations of one session, and subscriptions; the rest at once. */
export function orderKey({ method, params }: Incoming): string | null {
  if (!isMethod(method) || method === "ack") return null;
  const { kind } = methods[method];
  if (kind === "connection") return "subscriptions";
  const session = params["session_id"];
  return kind === "mutation" && typeof session === "string" ? session.toLowerCase() : null;
}
