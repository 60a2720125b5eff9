import { ProtocolError } from "@cairn/shared/errors";

/** Whether it is what the store says of an object that is gone or not what it was. */
export function isDamaged(error: unknown): boolean {
  return (
    error instanceof ProtocolError &&
    error.code === "damaged" &&
    error.details?.["hash"] !== undefined
  );
}
