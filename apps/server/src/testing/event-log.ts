import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventType, LoggedEvent } from "@cairn/shared/events";
import { defaultSettings } from "@cairn/shared/session";
import { LocalBus } from "../bus/local.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import type { NewEvent, Store } from "../storage/store.ts";

/** A real SQLite store with sessions and events in it, and nothing that captures files. */
export interface EventLog {
  store: Store;
  bus: LocalBus;
  newSession: (name?: string) => Promise<string>;
  /** Commits one event; its hint is published unless `hint` is false. */
  commit: (session_id: string, type?: EventType, hint?: boolean) => Promise<LoggedEvent>;
  close: () => Promise<void>;
}

export async function openEventLog(): Promise<EventLog> {
  const folder = await mkdtemp(join(tmpdir(), "cairn-log-"));
  const store = await openSqliteStore({ file: join(folder, "cairn.db") });
  const bus = new LocalBus();
  const timestamp = "2026-01-31T12:00:00.000Z";
  return {
    store,
    bus,
    newSession: async (name = "s") => {
      const session_id = randomUUID();
      await store.transact((tx) =>
        tx.insertSession({
          session_id,
          name,
          workspace: null,
          status: "open",
          labels: {},
          created_at: timestamp,
          deleted_at: null,
          demo: false,
          head: null,
          bytes: 0,
          epoch: randomUUID(),
          settings: defaultSettings,
        }),
      );
      return session_id;
    },
    commit: async (session_id, event_type = "checkpoint_created", hint = true) => {
      const data = { session_id, checkpoint_id: randomUUID(), timestamp, remaining: 0 };
      const event = { event_type, data, actor: "tester" } as unknown as NewEvent;
      const logged = await store.transact((tx) => tx.appendEvent(event));
      if (hint) bus.publish({ session_id, seq: logged.seq });
      return logged;
    },
    close: async () => {
      await bus.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
