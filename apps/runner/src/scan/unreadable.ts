import { ProtocolError } from "@cairn/shared/errors";
import { codeOf } from "../fs.ts";
import { placeOf } from "./places.ts";
import type { ScanFs } from "./scan-fs.ts";
import type { Skipped } from "./skipped.ts";

/** Looks at paths of a workspace that may be out of reach. Paths are byte strings. */
export class Attempts {
  readonly skipped: Skipped;
  /** Paths that were named a moment before and were not there then. */
  readonly gone = new Set<string>();

  constructor(skipped: Skipped) {
    this.skipped = skipped;
  }

  /**
   * Undefined when the path is gone, or cannot be read, which is noted with its reason. What is no
   * fault of the path is thrown.
   */
  try<T>(path: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      refuseExhausted(error);
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      if (reason === "gone") this.gone.add(path);
      else this.skipped.add(path, reason);
      return undefined;
    }
  }

  skip(path: string, reason: string): undefined {
    this.skipped.add(path, reason);
  }

  /** What was not there when it was read, and is: a file like others, but nothing is known of it. */
  skipReturned(fs: ScanFs, workspace: string): void {
    for (const path of this.gone) {
      try {
        fs.lstat(path === "" ? workspace : placeOf(workspace, path));
        this.skipped.add(path, "changed_while_read");
      } catch {
        // Gone indeed.
      }
    }
  }
}

/** Why a path could not be read; undefined for what is no error of the filesystem. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof ProtocolError) return undefined;
  const code = codeOf(error);
  switch (code) {
    case "ENOENT":
      return "gone";
    case "EACCES":
    case "EPERM":
      return "permission_denied";
    case "ENAMETOOLONG":
      return "name_too_long";
    case "ELOOP":
    case "ENOTDIR":
    case "EINVAL":
      return "changed_while_read";
    default:
      // EIO, ESTALE, ENOTCONN of a mount that died, and whatever else a filesystem may say.
      // Node's own mistakes begin with ERR_.
      return code !== undefined && /^(E[A-Z0-9]+$|Unknown system error)/.test(code)
        ? "io_error"
        : undefined;
  }
}

/**
 * Throws when the machine has run out of something: that says nothing of the path. Were it
 * skipped, a checkpoint would say for good that readable files could not be read; another try a
 * moment later may well read them all.
 */
export function refuseExhausted(error: unknown): void {
  switch (codeOf(error)) {
    case "EMFILE":
    case "ENFILE":
      throw new ProtocolError(
        "limit_reached",
        "Too many files are open on this machine, so the folder could not be read whole. Nothing was changed. Close some programs, or raise the limit of open files, and try again.",
        { details: { limit: "open_files" }, cause: error },
      );
    case "ENOMEM":
    case "EAGAIN":
    case "ENOBUFS":
      throw new ProtocolError(
        "limit_reached",
        "This machine is out of memory, so the folder could not be read whole. Nothing was changed. Close some programs and try again.",
        { details: { limit: "memory" }, cause: error },
      );
    default:
  }
}
