import * as z from "zod/mini";
import {
  Annotation,
  Author,
  Checkpoint,
  CheckpointSummary,
  Filter,
  Message,
  Note,
  Severity,
  StateParam,
  Tags,
  TriggerParam,
} from "../checkpoint.ts";
import { DiffFile, DiffHunk, FileEntry, PathParam } from "../files.ts";
import { Count, Id, nextCursor, page } from "../ids.ts";
import { keepRules, Session } from "../session.ts";
import { long, method, ofCheckpoint, ofSession } from "./define.ts";

/** A checkpoint id, or `workspace` for the folder as it is now. */
const DiffSide = z.union([z.literal("workspace"), Id]);

const trigger = z._default(TriggerParam, { kind: "manual" });

export const checkpointMethods = {
  checkpoint: method(
    "mutation",
    "operator",
    "Capture the workspace now.",
    z.object({
      ...ofSession,
      ...long,
      message: z._default(Message, ""),
      tags: z._default(Tags, []),
      state: z.optional(StateParam),
      author: z.optional(Author),
      trigger,
    }),
    z.object({ checkpoint_id: Id, checkpoint: CheckpointSummary }),
  ),
  list_checkpoints: method(
    "read",
    "viewer",
    "List the live checkpoints of a session by sequence_number, newest first unless order is asc.",
    z.object({
      ...ofSession,
      filter: z.optional(Filter),
      order: z._default(z.enum(["asc", "desc"]), "desc"),
      ...page,
    }),
    z.object({ checkpoints: z.array(CheckpointSummary), total: Count, ...nextCursor }),
  ),
  get_checkpoint: method(
    "read",
    "viewer",
    "One checkpoint with its state, annotations, changed and skipped paths.",
    z.object(ofCheckpoint),
    z.object({ checkpoint: Checkpoint }),
  ),
  update_checkpoint: method(
    "mutation",
    "operator",
    "Set tags or the pin.",
    z.object({ ...ofCheckpoint, tags: z.optional(Tags), pinned: z.optional(z.boolean()) }),
    z.object({ checkpoint: CheckpointSummary }),
  ),
  annotate: method(
    "mutation",
    "operator",
    "Add a note to a checkpoint.",
    z.object({ ...ofCheckpoint, note: Note, severity: z._default(Severity, "info") }),
    z.object({ annotation: Annotation }),
  ),
  delete_annotation: method(
    "mutation",
    "operator",
    "Delete a note.",
    z.object({ ...ofSession, annotation_id: Id }),
    z.object({ annotation: Annotation }),
  ),
  delete: method(
    "mutation",
    "operator",
    "Put a checkpoint into the trash, or purge it.",
    z.object({ ...ofCheckpoint, permanent: z.optional(z.boolean()) }),
    z.object({ operation_id: Id }),
  ),
  undelete: method(
    "mutation",
    "operator",
    "Take a checkpoint out of the trash.",
    z.object(ofCheckpoint),
    z.object({ operation_id: Id, checkpoint: CheckpointSummary }),
  ),
  list_trash: method(
    "read",
    "viewer",
    "Deleted checkpoints, and deleted sessions when no session is named.",
    z.object({ session_id: z.optional(Id), ...page }),
    z.object({
      checkpoints: z.array(CheckpointSummary),
      sessions: z.array(Session),
      ...nextCursor,
    }),
  ),
  compact: method(
    "mutation",
    "operator",
    "Put the checkpoints that no rule keeps into the trash.",
    z.object({
      ...ofSession,
      ...long,
      ...keepRules,
      keep_tags: z._default(z.boolean(), true),
      dry_run: z.optional(z.boolean()),
    }),
    z.object({
      remaining: Count,
      removed: z.array(z.object({ checkpoint_id: Id })),
      kept: z.array(z.object({ checkpoint_id: Id, reasons: z.array(z.string()) })),
      operation_id: z.optional(Id),
    }),
  ),
  list_files: method(
    "read",
    "viewer",
    "One folder of a checkpoint.",
    z.object({ ...ofCheckpoint, path: z.optional(PathParam), ...page }),
    z.object({ entries: z.array(FileEntry), ...nextCursor }),
  ),
  diff: method(
    "read",
    "viewer",
    "Files that differ between two checkpoints, or a checkpoint and the folder; with path, its hunks.",
    z.object({
      ...ofSession,
      /** Null is the empty tree: what the first checkpoint is compared with. */
      from: z.nullable(DiffSide),
      to: DiffSide,
      path: z.optional(PathParam),
      /** Lines that differ in white space only are the same. */
      ignore_whitespace: z.optional(z.boolean()),
      /** A file that was removed and one much like it that was added are one entry; so by default. */
      renames: z._default(z.boolean(), true),
      ...page,
    }),
    z.object({
      files: z.array(DiffFile),
      hunks: z.optional(z.array(DiffHunk)),
      /** With path: the text is over the size that hunks are made for. */
      too_large: z.optional(z.boolean()),
      ...nextCursor,
    }),
  ),
  download_ticket: method(
    "read",
    "viewer",
    "A URL under which one file of a checkpoint can be fetched once, within a minute.",
    z.object({ ...ofCheckpoint, path: PathParam }),
    z.object({ url: z.string() }),
  ),
} as const;
