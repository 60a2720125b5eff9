import * as z from "zod/mini";

/** What a person should know before they go on. */
export const Warning = z.object({
  code: z.enum([
    "git_head_differs",
    "lockfile_differs",
    "partial_target",
    "damaged_target",
    "over_limit",
    "captures_sensitive",
    "workspace_missing",
  ]),
  message: z.string(),
});
