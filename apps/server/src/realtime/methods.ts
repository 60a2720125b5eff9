import { ProtocolError } from "@cairn/shared/errors";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { Authenticator } from "../auth/authenticator.ts";
import type { BrowserKeys } from "../auth/browser-keys.ts";
import { findSession } from "../checkpoints/find.ts";
import type { Metrics } from "../metrics.ts";
import type { Service } from "../service.ts";
import type { Reads } from "../storage/store.ts";
import type { ConnectionFacts } from "./connection-facts.ts";
import type { Call, Caller, Handlers } from "./dispatch.ts";
import type { Modes } from "./modes.ts";
import type { Subscriptions } from "./subscriptions.ts";

interface Parts {
  service: Service;
  store: Reads;
  subscriptions: Pick<Subscriptions, "subscribe" | "unsubscribe" | "acknowledge" | "consumers">;
  modes?: Pick<Modes, "note">;
  authenticator: Authenticator;
  keys: BrowserKeys;
  metrics: Pick<Metrics, "numbers">;
  health: () => Promise<Result<"health">>;
  ticket: (
    params: ParsedParams<"download_ticket">,
    actor: string,
  ) => Promise<Result<"download_ticket">>;
  /** Who is connected; `current` is the one that asks. */
  connections?: (current: Pick<Caller, "connection_id"> | null) => ConnectionFacts[];
}

function connectionOf({ connection }: Call): Caller {
  if (connection !== null) return connection;
  throw new ProtocolError("unknown_method", "This method needs a WebSocket connection to /ws.");
}

/** THE table of handlers: method → what does it. */
export function createHandlers(parts: Parts): Handlers {
  const { service, store, subscriptions, authenticator, keys, metrics, health, ticket } = parts;
  const { connections, modes } = parts;
  return {
    authenticate: async ({ token }, call) => {
      const principal = await authenticator.principal(token);
      if (principal === null) {
        const message = "This token is not valid (any more). `npm run login` prints a fresh link.";
        throw new ProtocolError("unauthenticated", message);
      }
      connectionOf(call).signIn(principal);
      return { authenticated: true, role: principal.role };
    },
    create_session: (params, call) => service.create_session(params, call),
    list_sessions: (params, call) => service.list_sessions(params, call),
    get_session: (params, call) => service.get_session(params, call),
    scan_workspace: (params, call) => service.scan_workspace(params, call),
    update_session: (params, call) => service.update_session(params, call),
    delete_session: (params, call) => service.delete_session(params, call),
    undelete_session: (params, call) => service.undelete_session(params, call),
    checkpoint: (params, call) => service.checkpoint(params, call),
    list_checkpoints: (params, call) => service.list_checkpoints(params, call),
    get_checkpoint: (params, call) => service.get_checkpoint(params, call),
    update_checkpoint: (params, call) => service.update_checkpoint(params, call),
    annotate: (params, call) => service.annotate(params, call),
    delete_annotation: (params, call) => service.delete_annotation(params, call),
    delete: (params, call) => service.delete(params, call),
    undelete: (params, call) => service.undelete(params, call),
    list_trash: (params, call) => service.list_trash(params, call),
    compact: (params, call) => service.compact(params, call),
    plan_restore: (params, call) => service.plan_restore(params, call),
    restore: (params, call) => service.restore(params, call),
    undo: (params, call) => service.undo(params, call),
    redo: (params, call) => service.redo(params, call),
    cancel: (params, call) => service.cancel(params, call),
    list_operations: (params, call) => service.list_operations(params, call),
    diff: (params, call) => service.diff(params, call),
    list_files: (params, call) => service.list_files(params, call),
    download_ticket: (params, { actor }) => ticket(params, actor),
    validate: (params, call) => service.validate(params, call),
    repair: (params, call) => service.repair(params, call),
    collect: (params, call) => service.collect(params, call),
    store_facts: (params, call) => service.store_facts(params, call),
    list_folders: (params, call) => service.list_folders(params, call),
    start_demo: (params, call) => service.start_demo(params, call),
    list_events: (params, call) => service.list_events(params, call),
    metrics: () => metrics.numbers(),
    health: () => health(),
    subscribe: async (params, call) => {
      const connection = connectionOf(call);
      const { result, start } = await subscriptions.subscribe(params, connection);
      modes?.note(connection.subscriptions.get(params.session_id), params);
      call.afterReply(start);
      return result;
    },
    unsubscribe: (params, call) => ({
      unsubscribed: subscriptions.unsubscribe(params, connectionOf(call)),
    }),
    ack: async (params, call) => await subscriptions.acknowledge(params, connectionOf(call)),
    list_consumers: async ({ session_id }) => {
      const { epoch, seq } = await findSession(store, session_id);
      const rows = await subscriptions.consumers.list(session_id);
      const consumers = rows.map((row) => ({
        ...row,
        behind: row.epoch === epoch ? Math.max(0, seq - row.floor) : seq,
      }));
      return { consumers };
    },
    delete_consumer: async ({ session_id, consumer }, { receipt }) => {
      await findSession(store, session_id);
      const { consumers } = subscriptions;
      const deleted = await consumers.delete(session_id, consumer, async (tx, done) => {
        await receipt?.keep(tx, { deleted: done });
      });
      return { deleted };
    },
    list_connections: (_params, { connection }) => ({
      connections: connections?.(connection) ?? [],
    }),
    list_keys: async (_params, { principal }) => ({
      keys: (await keys.list()).map(({ hash: _hash, ...key }) => ({
        ...key,
        current: key.key_id === principal?.key_id,
      })),
    }),
    revoke_key: async ({ key_id }, { receipt }) => {
      const answer = { revoked: true };
      if (await keys.revoke(key_id, (tx) => receipt?.keep(tx, answer))) return answer;
      throw new ProtocolError("not_found", `There is no browser key ${key_id}.`);
    },
  };
}
