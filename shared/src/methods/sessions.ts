import * as z from "zod/mini";
import { LeftOut } from "../files.ts";
import { Count, Id, nextCursor, page } from "../ids.ts";
import {
  Labels,
  Session,
  SessionName,
  SessionStatus,
  SettingsParam,
  WorkspacePath,
} from "../session.ts";
import { long, method, ofSession } from "./define.ts";
import { Warning } from "./warning.ts";

export const sessionMethods = {
  create_session: method(
    "mutation",
    "operator",
    "Create a session, usually on a folder; reuse: true returns the open session of that folder.",
    z.object({
      name: z.optional(SessionName),
      workspace: z.optional(z.nullable(WorkspacePath)),
      labels: z.optional(Labels),
      settings: z.optional(SettingsParam),
      reuse: z.optional(z.boolean()),
    }),
    z.object({ session_id: Id, session: Session, created: z.boolean() }),
  ),
  list_sessions: method(
    "read",
    "viewer",
    "List sessions, newest activity first.",
    z.object({
      status: z.optional(SessionStatus),
      text: z.optional(z.string().check(z.maxLength(200))),
      ...page,
    }),
    z.object({ sessions: z.array(Session), ...nextCursor }),
  ),
  get_session: method(
    "read",
    "viewer",
    "One session.",
    z.object(ofSession),
    z.object({ session: Session }),
  ),
  scan_workspace: method(
    "read",
    "operator",
    "What a session on this folder would capture, and what it would leave out.",
    z.object({ path: WorkspacePath, settings: z.optional(SettingsParam), ...long }),
    z.object({
      path: z.string(),
      files: Count,
      bytes: Count,
      left_out: z.array(LeftOut),
      warnings: z.array(Warning),
    }),
  ),
  update_session: method(
    "mutation",
    "operator",
    "Rename, move, label, configure, close or open a session.",
    z.object({
      ...ofSession,
      name: z.optional(SessionName),
      workspace: z.optional(WorkspacePath),
      labels: z.optional(Labels),
      settings: z.optional(SettingsParam),
      status: z.optional(z.enum(["open", "closed"])),
    }),
    z.object({ session: Session }),
  ),
  delete_session: method(
    "mutation",
    "admin",
    "Put a session into the trash, or purge it. The files of its folder are never touched.",
    z.object({ ...ofSession, permanent: z.optional(z.boolean()) }),
    z.object({ operation_id: Id }),
  ),
  undelete_session: method(
    "mutation",
    "admin",
    "Take a session out of the trash.",
    z.object(ofSession),
    z.object({ operation_id: Id, session: Session }),
  ),
  list_folders: method(
    "read",
    "operator",
    "Folders below a path, for the folder picker; the home folder when none is given.",
    z.object({ path: z.optional(WorkspacePath) }),
    z.object({
      path: z.string(),
      parent: z.nullable(z.string()),
      entries: z.array(z.object({ name: z.string(), path: z.string(), repository: z.boolean() })),
      truncated: z.boolean(),
    }),
  ),
  start_demo: method(
    "mutation",
    "operator",
    "Start a scripted agent that edits files in a folder of its own for about a minute.",
    z.object({}),
    z.object({ session_id: Id }),
  ),
} as const;
