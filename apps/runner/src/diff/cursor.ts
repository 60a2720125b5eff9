import { ProtocolError } from "@cairn/shared/errors";

/** A cursor is the bytes of the last name or path of the page before. */
export function encodeCursor(last: Buffer): string {
  return last.toString("base64url");
}

export function decodeCursor(cursor: string): Buffer {
  const bytes = Buffer.from(cursor, "base64url");
  if (bytes.length === 0 || encodeCursor(bytes) !== cursor) {
    throw new ProtocolError(
      "invalid_params",
      "The cursor is none that a page gave. Ask for the first page again, without a cursor.",
    );
  }
  return bytes;
}
