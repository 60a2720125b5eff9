import { ProtocolError } from "@cairn/shared/errors";
import { caps } from "@cairn/shared/session";
import { parseJson } from "../parse-json.ts";

function tooLarge(): ProtocolError {
  return new ProtocolError(
    "payload_too_large",
    `A request body may have at most ${caps.inbound_bytes} bytes.`,
  );
}

/** Throws `unsupported_media_type` unless the body says that it is plain JSON. */
export function checkMediaType(headers: Headers): void {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const encoding = headers.get("content-encoding") ?? "identity";
  if (type === "application/json" && encoding === "identity") return;
  throw new ProtocolError(
    "unsupported_media_type",
    "Send JSON with the header content-type: application/json.",
  );
}

async function readBody(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > caps.inbound_bytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    // A caller that goes away amid its body is no fault of the server.
    throw new ProtocolError("invalid_json", "The body was cut off.", { cause });
  }
  return Buffer.concat(chunks);
}

/** The JSON body of a request; what is too large is not even read to its end. */
export async function readJson(request: Request): Promise<unknown> {
  if (Number(request.headers.get("content-length") ?? 0) > caps.inbound_bytes) throw tooLarge();
  // Only now: the adapter closes the connection of a body that was asked for and not read.
  const { body } = request;
  const bytes = body === null ? Buffer.alloc(0) : await readBody(body);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ProtocolError("invalid_json", "The body is not UTF-8.", { cause });
  }
  return parseJson(text);
}
