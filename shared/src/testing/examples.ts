import type { Annotation, Checkpoint, CheckpointSummary } from "../checkpoint.ts";
import type { EventData, EventType } from "../events.ts";
import type { MethodName, Params, Result } from "../methods.ts";
import type { Operation } from "../operation.ts";
import { defaultSettings, type Session } from "../session.ts";

const session_id = "0b4f5a52-4f0a-4f4e-9d7a-000000000001";
const checkpoint_id = "0b4f5a52-4f0a-4f4e-9d7a-000000000002";
const operation_id = "0b4f5a52-4f0a-4f4e-9d7a-000000000003";
const annotation_id = "0b4f5a52-4f0a-4f4e-9d7a-000000000004";
const key_id = "0b4f5a52-4f0a-4f4e-9d7a-000000000005";
const hash = "0".repeat(64);
const timestamp = "2026-01-31T12:00:00.000Z";

const session: Session = {
  session_id,
  name: "Example",
  workspace: "/home/me/project",
  status: "open",
  labels: {},
  created_at: timestamp,
  deleted_at: null,
  demo: false,
  head: checkpoint_id,
  checkpoints: 1,
  bytes: 5,
  last_event_at: timestamp,
  seq: 2,
  epoch: "1",
  settings: defaultSettings,
};

const summary: CheckpointSummary = {
  checkpoint_id,
  session_id,
  sequence_number: 1,
  parent_id: null,
  message: "",
  tags: [],
  trigger: { kind: "manual" },
  author: "admin",
  created_at: timestamp,
  deleted_at: null,
  pinned: false,
  partial: false,
  damaged: false,
  tree: hash,
  files: 1,
  bytes: 5,
  changed_files: 1,
  added: 1,
  removed: 0,
  git: null,
  checksum: hash,
  annotation_count: 0,
  max_severity: null,
};

const annotation: Annotation = {
  annotation_id,
  checkpoint_id,
  note: "look here",
  severity: "info",
  author: "admin",
  created_at: timestamp,
};

const checkpoint: Checkpoint = {
  ...summary,
  state: null,
  annotations: [annotation],
  changed_paths: ["README.md"],
  skipped: [],
};

const operation: Operation = {
  operation_id,
  session_id,
  kind: "restore",
  status: "done",
  actor: "admin",
  created_at: timestamp,
  finished_at: timestamp,
  checkpoint_id,
  safety_checkpoint_id: checkpoint_id,
  subject_id: null,
  undone_by: null,
  removed: 0,
  differences: 0,
  next: "undo",
};

const undone = {
  operation_id,
  safety_checkpoint_id: null,
  checkpoint_id,
  status: "restored" as const,
  differences: [],
  state: null,
};

const ofSession = { session_id };
const ofCheckpoint = { session_id, checkpoint_id };

const collected = { freed_bytes: 5, removed_objects: 1, rewritten_packs: 0, removed_packs: 1 };

/** The fewest params of every method, and a result it may have. */
export const methodExamples: { [M in MethodName]: { params: Params<M>; result: Result<M> } } = {
  authenticate: { params: { token: "secret" }, result: { authenticated: true, role: "admin" } },
  create_session: { params: {}, result: { session_id, session, created: true } },
  list_sessions: { params: {}, result: { sessions: [session] } },
  get_session: { params: ofSession, result: { session } },
  scan_workspace: {
    params: { path: "/home/me/project" },
    result: {
      path: "/home/me/project",
      files: 1,
      bytes: 5,
      left_out: [{ path: "node_modules", why: "node_modules (built-in)", bytes: null }],
      warnings: [],
    },
  },
  update_session: { params: ofSession, result: { session } },
  delete_session: { params: ofSession, result: { operation_id } },
  undelete_session: { params: ofSession, result: { operation_id, session } },
  checkpoint: { params: ofSession, result: { checkpoint_id, checkpoint: summary } },
  list_checkpoints: { params: ofSession, result: { checkpoints: [summary], total: 1 } },
  get_checkpoint: { params: ofCheckpoint, result: { checkpoint } },
  update_checkpoint: { params: ofCheckpoint, result: { checkpoint: summary } },
  annotate: { params: { ...ofCheckpoint, note: "look here" }, result: { annotation } },
  delete_annotation: { params: { ...ofSession, annotation_id }, result: { annotation } },
  delete: { params: ofCheckpoint, result: { operation_id } },
  undelete: { params: ofCheckpoint, result: { operation_id, checkpoint: summary } },
  list_trash: { params: {}, result: { checkpoints: [summary], sessions: [] } },
  compact: {
    params: ofSession,
    result: { remaining: 1, removed: [], kept: [{ checkpoint_id, reasons: ["head"] }] },
  },
  plan_restore: {
    params: ofCheckpoint,
    result: {
      plan_hash: hash,
      counts: { added: 0, modified: 0, removed: 0 },
      changes: [],
      blocked: [],
      warnings: [],
    },
  },
  cancel: { params: { operation_id }, result: { cancelled: true } },
  download_ticket: {
    params: { ...ofCheckpoint, path: "README.md" },
    result: { url: "/api/downloads/4f1c" },
  },
  restore: {
    params: ofCheckpoint,
    result: {
      operation_id,
      safety_checkpoint_id: checkpoint_id,
      checkpoint_id,
      status: "restored",
      differences: [],
      state: null,
    },
  },
  undo: { params: ofSession, result: { ...undone, undone: operation } },
  redo: { params: ofSession, result: { ...undone, redone: operation } },
  list_operations: { params: ofSession, result: { operations: [operation] } },
  diff: {
    params: { ...ofSession, from: null, to: checkpoint_id },
    result: {
      files: [
        {
          path: "README.md",
          kind: "added",
          before: null,
          after: { kind: "file", mode: 0o644, size: 5, hash },
          added: 1,
          removed: 0,
          binary: false,
        },
      ],
    },
  },
  list_files: {
    params: ofCheckpoint,
    result: { entries: [{ path: "README.md", kind: "file", mode: 0o644, size: 5, hash }] },
  },
  validate: {
    params: {},
    result: { valid: 1, invalid: 0, skipped: 0, checked_at: timestamp, problems: [] },
  },
  repair: {
    params: {},
    result: { healed: 1, valid: 1, invalid: 0, checked_at: timestamp, problems: [] },
  },
  collect: { params: {}, result: { operation_id, ...collected } },
  store_facts: {
    params: {},
    result: {
      objects: 9,
      packs: 1,
      stored_bytes: 400,
      raw_bytes: 1_000,
      dead_bytes: 0,
      limit_bytes: null,
      reserved_bytes: 0,
      logical_bytes: 3_000,
      dedupe_ratio: 3,
      compression_ratio: 2.5,
      last_collection: { at: timestamp, ...collected },
      last_validation: null,
      by_session: [{ session_id, bytes: 400 }],
    },
  },
  list_folders: {
    params: {},
    result: {
      path: "/home/me",
      parent: "/home",
      entries: [{ name: "project", path: "/home/me/project", repository: true }],
      truncated: false,
    },
  },
  start_demo: { params: {}, result: { session_id } },
  metrics: { params: {}, result: { counters: {}, gauges: {} } },
  health: { params: {}, result: { healthy: true, version: "0.1.0", auth: "token", checks: [] } },
  subscribe: {
    params: ofSession,
    result: {
      subscribed: true,
      session_id,
      subscription_id: "s1",
      epoch: "1",
      seq: 2,
      oldest_seq: 1,
      recovered: true,
      replayed: 0,
    },
  },
  unsubscribe: { params: {}, result: { unsubscribed: true } },
  list_events: {
    params: ofSession,
    result: {
      events: [
        {
          event_type: "checkpoint_created",
          data: { checkpoint_id, session_id, timestamp },
          seq: 2,
          epoch: "1",
          actor: "admin",
        },
      ],
      epoch: "1",
      head: 2,
      oldest_seq: 1,
    },
  },
  ack: { params: { subscription_id: "s1", seq: 2 }, result: { acknowledged: 2 } },
  list_consumers: {
    params: ofSession,
    result: {
      consumers: [
        {
          consumer: "mirror",
          session_id,
          floor: 2,
          epoch: "1",
          behind: 0,
          connected: true,
          updated_at: timestamp,
        },
      ],
    },
  },
  delete_consumer: { params: { ...ofSession, consumer: "mirror" }, result: { deleted: true } },
  list_connections: {
    params: {},
    result: {
      connections: [
        {
          connection_id: "c1",
          actor: "admin",
          since: timestamp,
          remote: "127.0.0.1",
          user_agent: null,
          current: true,
          in_flight: 1,
          buffered_bytes: 0,
          sent_bytes: 300,
          received_bytes: 80,
          subscriptions: [
            { subscription_id: "s1", session_id, seq: 2, lag: 0, unacked: 0, consumer: null },
          ],
        },
      ],
    },
  },
  list_keys: {
    params: {},
    result: {
      keys: [
        { key_id, label: "Firefox", created_at: timestamp, last_used_at: null, current: true },
      ],
    },
  },
  revoke_key: { params: { key_id }, result: { revoked: true } },
};

const about = { session_id, timestamp };

/** The `data` of every logged event. */
export const eventExamples: { [T in EventType]: EventData<T> } = {
  checkpoint_created: { checkpoint_id, ...about },
  checkpoint_restored: { checkpoint_id, ...about },
  checkpoint_deleted: { checkpoint_id, ...about },
  checkpoints_compacted: { remaining: 1, ...about },
  session_created: about,
  session_updated: about,
  session_deleted: about,
  checkpoint_updated: { checkpoint_id, ...about },
  checkpoints_undeleted: about,
  operation_updated: { operation_id, ...about },
};
