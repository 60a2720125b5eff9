import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventType, LoggedEvent } from "@cairn/shared/events";
import { defaultSettings } from "@cairn/shared/session";
import { LocalBus } from "../bus/local.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import type { NewCheckpoint, NewEvent, Store } from "../storage/store.ts";
import { asListed, checkpointRow } from "../storage/testing/rows.ts";

/** A real SQLite store with sessions and events in it, and nothing that captures files. */
export interface EventLog {
  store: Store;
  bus: LocalBus;
  newSession: (name?: string) => Promise<string>;
  /** Commits one event; its hint is published unless `hint` is false. */
  commit: (session_id: string, type?: EventType, hint?: boolean) => Promise<LoggedEvent>;
  /** Commits many in one transaction, with one hint. Gives the last seq. */
  commitAtOnce: (session_id: string, count: number, actor?: string) => Promise<number>;
  /** Commits a checkpoint and its event. */
  checkpoint: (session_id: string, change?: Partial<NewCheckpoint>) => Promise<LoggedEvent>;
  /** Keeps that many events, and drops the older ones. */
  trim: (session_id: string, keep: number) => Promise<number>;
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
    commitAtOnce: async (session_id, count, actor = "tester") => {
      const seq = await store.transact(async (tx) => {
        let last = 0;
        for (let i = 0; i < count; i += 1) {
          const data = { session_id, checkpoint_id: randomUUID(), timestamp };
          const event: NewEvent = { event_type: "checkpoint_created", data, actor };
          last = (await tx.appendEvent(event)).seq;
        }
        return last;
      });
      bus.publish({ session_id, seq });
      return seq;
    },
    checkpoint: async (session_id, change = {}) => {
      const logged = await store.transact(async (tx) => {
        const sequence_number = await tx.nextSequenceNumber();
        const row = checkpointRow({ session_id, sequence_number, ...change });
        await tx.insertCheckpoint(row);
        const { checkpoint_id } = row;
        return await tx.appendEvent({
          event_type: "checkpoint_created",
          data: { session_id, checkpoint_id, timestamp: row.created_at },
          actor: "tester",
          checkpoint: asListed(row),
        });
      });
      bus.publish({ session_id, seq: logged.seq });
      return logged;
    },
    trim: async (session_id, keep) =>
      await store.transact((tx) =>
        tx.trimLog(session_id, { keep, before: "2000-01-01T00:00:00.000Z", limit: 100_000 }),
      ),
    close: async () => {
      await bus.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
