import * as z from "zod/mini";
import { Count, Hash } from "./ids.ts";

/** A path inside a workspace, `/`-separated, relative. A name that is not UTF-8 carries its bytes too. */
const pathKeys = {
  path: z.string(),
  path_b64: z.optional(z.base64()),
};

/** A path as a param: its text, or its bytes where it is not valid UTF-8. */
export const PathParam = z.union([
  z.string().check(z.minLength(1), z.maxLength(4096)),
  z.object({ path: z.optional(z.string()), path_b64: z.base64().check(z.maxLength(8192)) }),
]);
export type PathParam = z.infer<typeof PathParam>;

export const FileKind = z.enum(["file", "executable", "symlink", "directory"]);
export type FileKind = z.infer<typeof FileKind>;

/** What stands at a path. `mode` is `mode & 0o777`, 0 for links; `size` in bytes, 0 for folders. */
export const FileFacts = z.object({
  kind: FileKind,
  mode: Count,
  size: Count,
  hash: z.nullable(Hash),
});
export type FileFacts = z.infer<typeof FileFacts>;

export const FileEntry = z.object({ ...pathKeys, ...FileFacts.shape });
export type FileEntry = z.infer<typeof FileEntry>;

/** `type`: file became folder, link … or the reverse; `mode`: only permission bits differ. */
export const ChangeKind = z.enum(["added", "modified", "removed", "type", "mode"]);
export type ChangeKind = z.infer<typeof ChangeKind>;

/** One path that differs between two trees, `before` → `after`. */
export const FileChange = z.object({
  ...pathKeys,
  kind: ChangeKind,
  before: z.nullable(FileFacts),
  after: z.nullable(FileFacts),
});
export type FileChange = z.infer<typeof FileChange>;

export const ChangeCounts = z.object({
  added: Count,
  modified: Count,
  removed: Count,
});
export type ChangeCounts = z.infer<typeof ChangeCounts>;

/** One file of a `diff`. Line counts are null for what has no lines, or too many to count. */
export const DiffFile = z.object({
  ...pathKeys,
  kind: z.enum([...ChangeKind.options, "renamed"]),
  /** With `renamed`: where the file stood before. */
  renamed_from: z.optional(z.string()),
  renamed_from_b64: z.optional(z.base64()),
  before: z.nullable(FileFacts),
  after: z.nullable(FileFacts),
  added: z.nullable(Count),
  removed: z.nullable(Count),
  binary: z.boolean(),
  /** The store does not give its content back; of a folder: nor what is in it. */
  damaged: z.optional(z.boolean()),
});
export type DiffFile = z.infer<typeof DiffFile>;

/** A hunk of a unified diff. Each line starts with ` `, `+`, `-` or `\`. */
export const DiffHunk = z.object({
  old_start: Count,
  old_lines: Count,
  new_start: Count,
  new_lines: Count,
  lines: z.array(z.string()),
});
export type DiffHunk = z.infer<typeof DiffHunk>;

/** Why a path is not captured. */
export const LeftOut = z.object({
  ...pathKeys,
  /** The rule that names it, such as `node_modules (built-in)` or `.gitignore: *.log`. */
  why: z.string(),
  /** Bytes below it where counting was cheap, else null. */
  bytes: z.nullable(Count),
});
export type LeftOut = z.infer<typeof LeftOut>;

/** A path that should have been captured and could not be read: the checkpoint is partial. */
export const SkippedPath = z.object({ ...pathKeys, reason: z.string() });
export type SkippedPath = z.infer<typeof SkippedPath>;

/** A path where a restore did not end as wanted. Nothing at such a path was destroyed. */
export const Difference = z.object({
  ...pathKeys,
  reason: z.enum([
    "blocked_by_ignored",
    "changed_meanwhile",
    "skipped",
    "damaged",
    "failed",
    "unsupported",
  ]),
  detail: z.optional(z.string()),
});
export type Difference = z.infer<typeof Difference>;
