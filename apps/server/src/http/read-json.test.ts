import { ProtocolError } from "@cairn/shared/errors";
import { expect, test } from "vitest";
import { readJson } from "./read-json.ts";

/** A request whose caller goes away once it has sent `sent`. */
function cutOff(sent: string): Request {
  const body = new ReadableStream<Uint8Array>({
    start: (stream) => stream.enqueue(new TextEncoder().encode(sent)),
    pull: (stream) => stream.error(new Error("aborted")),
  });
  return new Request("http://localhost/", { method: "POST", body, duplex: "half" });
}

test("a body that is cut off is the caller's doing, no fault of the server", async () => {
  const failure = await readJson(cutOff('{"session_id":')).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProtocolError);
  expect(failure).toMatchObject({ code: "invalid_json", message: "The body was cut off." });
});
