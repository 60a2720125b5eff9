import { ProtocolError } from "@cairn/shared/errors";
import { codeOf } from "../fs.ts";

const paths = new WeakMap<Error, string>();

/** The error, of which `failure` tells the path that it is about. */
export function aboutPath(error: unknown, path: Buffer): unknown {
  if (error instanceof Error && !paths.has(error)) paths.set(error, path.toString());
  return error;
}

/** What to tell a person about a failure of the disk; `state` is how it left the folder. */
export function failure(error: unknown, state: string): ProtocolError {
  if (error instanceof ProtocolError) {
    return new ProtocolError(error.code, `${error.message} ${state}`, {
      ...(error.details && { details: error.details }),
      cause: error,
    });
  }
  const path = error instanceof Error ? paths.get(error) : undefined;
  const options = { cause: error, ...(path !== undefined && { details: { path } }) };
  switch (codeOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new ProtocolError(
        "store_full",
        `The disk of the folder is full. ${state} Free some space there and try again.`,
        options,
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new ProtocolError(
        "workspace_unavailable",
        path === undefined
          ? `Cairn may not write in the folder. ${state} Give it the permission and try again.`
          : `Cairn may not change "${path}". ${state} Give it the permission, or take the lock off it or its folder, and try again; or choose other paths.`,
        options,
      );
    case "EMFILE":
    case "ENFILE":
      return new ProtocolError(
        "limit_reached",
        `Too many files are open on this machine. ${state} Close some programs, or raise the limit of open files, and try again.`,
        options,
      );
    case "EIO":
    case "ENODEV":
    case "ENXIO":
    case "ESTALE":
    case "ENOENT":
    case "ENOTDIR":
    case "ELOOP":
      return new ProtocolError(
        "workspace_unavailable",
        `The folder could not be read or written. ${state} Check its disk and try again.`,
        options,
      );
    default:
      return new ProtocolError("internal", `The restore failed unexpectedly. ${state}`, options);
  }
}
