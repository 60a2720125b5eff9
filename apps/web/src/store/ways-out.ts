import type { CommandId } from "../commands.ts";
import { toFailure } from "../ui/error.ts";

/** Bounds of what a session captures: their failures are mended in its settings. */
const captureLimits: ReadonlySet<unknown> = new Set(["files", "bytes", "file_bytes"]);

/** What can be done about a failure: commands and what their buttons say. */
export function waysOut(error: unknown): readonly [CommandId, string][] {
  const { code, details } = toFailure(error);
  switch (code) {
    case "store_full":
      return [
        ["compact", "Compact…"],
        ["trash", "Empty the trash…"],
        ...(details["limit"] === "store_bytes" ? [["limits", "Raise the limit…"] as const] : []),
        ["store", "Store…"],
      ].map(([command, label]) => [command, label] as [CommandId, string]);
    case "limit_reached":
      return captureLimits.has(details["limit"])
        ? [
            ["settings", "Leave files out…"],
            ["limits", "Raise the limit…"],
          ]
        : [];
    case "damaged":
      return [["validate", "Find what is damaged…"]];
    default:
      return [];
  }
}
