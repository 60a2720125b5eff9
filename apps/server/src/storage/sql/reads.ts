import type { Kysely } from "kysely";
import type { Reads } from "../store.ts";
import { findAnnotation, listAnnotations } from "./annotations.ts";
import {
  findCheckpoint,
  findShownParent,
  listCheckpoints,
  listDeletedCheckpoints,
  listPins,
  sumKeptBytes,
} from "./checkpoints.ts";
import { findEventPaths } from "./event-paths.ts";
import { countEvents, findPosition, findSeqBeforeLast, listEventLines } from "./events.ts";
import { findConsumer, listConsumers } from "./consumers.ts";
import { findIdempotent } from "./idempotent.ts";
import { findKeyByHash, listKeys } from "./keys.ts";
import {
  findOperation,
  listOperations,
  listPendingOperations,
  nextRedo,
  nextUndo,
} from "./operations.ts";
import { listOutlines, listWholeCheckpoints } from "./outlines.ts";
import {
  findSession,
  listDeletedSessions,
  listOpenWorkspaces,
  listSessions,
  listSessionsToPurge,
} from "./sessions.ts";
import type { Tables } from "./tables.ts";
import { hasAny, listCheckpointsToPurge } from "./trash.ts";
import { findRetention, findUpkeep } from "./upkeep.ts";

type Params<M extends keyof Reads> = Parameters<Reads[M]>;
type Given<M extends keyof Reads> = ReturnType<Reads[M]>;

/** All reads, on a connection or within a transaction. */
export class SqlReads implements Reads {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async session(...args: Params<"session">): Given<"session"> {
    return await findSession(this.#db, ...args);
  }

  async sessions(...args: Params<"sessions">): Given<"sessions"> {
    return await listSessions(this.#db, ...args);
  }

  async openWorkspaces(): Given<"openWorkspaces"> {
    return await listOpenWorkspaces(this.#db);
  }

  async deletedSessions(...args: Params<"deletedSessions">): Given<"deletedSessions"> {
    return await listDeletedSessions(this.#db, ...args);
  }

  async checkpoint(...args: Params<"checkpoint">): Given<"checkpoint"> {
    return await findCheckpoint(this.#db, ...args);
  }

  async checkpoints(...args: Params<"checkpoints">): Given<"checkpoints"> {
    return await listCheckpoints(this.#db, ...args);
  }

  async outlines(...args: Params<"outlines">): Given<"outlines"> {
    return await listOutlines(this.#db, ...args);
  }

  async wholeCheckpoints(...args: Params<"wholeCheckpoints">): Given<"wholeCheckpoints"> {
    return await listWholeCheckpoints(this.#db, ...args);
  }

  async deletedCheckpoints(...args: Params<"deletedCheckpoints">): Given<"deletedCheckpoints"> {
    return await listDeletedCheckpoints(this.#db, ...args);
  }

  async hasAny(...args: Params<"hasAny">): Given<"hasAny"> {
    return await hasAny(this.#db, ...args);
  }

  async shownParent(...args: Params<"shownParent">): Given<"shownParent"> {
    return await findShownParent(this.#db, ...args);
  }

  async pins(): Given<"pins"> {
    return await listPins(this.#db);
  }

  async keptBytes(): Given<"keptBytes"> {
    return await sumKeptBytes(this.#db);
  }

  async checkpointsToPurge(...args: Params<"checkpointsToPurge">): Given<"checkpointsToPurge"> {
    return await listCheckpointsToPurge(this.#db, ...args);
  }

  async sessionsToPurge(...args: Params<"sessionsToPurge">): Given<"sessionsToPurge"> {
    return await listSessionsToPurge(this.#db, ...args);
  }

  async retention(...args: Params<"retention">): Given<"retention"> {
    return await findRetention(this.#db, ...args);
  }

  async upkeep(...args: Params<"upkeep">): Given<"upkeep"> {
    return await findUpkeep(this.#db, ...args);
  }

  async annotations(...args: Params<"annotations">): Given<"annotations"> {
    return await listAnnotations(this.#db, ...args);
  }

  async annotation(...args: Params<"annotation">): Given<"annotation"> {
    return await findAnnotation(this.#db, ...args);
  }

  async operation(...args: Params<"operation">): Given<"operation"> {
    return await findOperation(this.#db, ...args);
  }

  async operations(...args: Params<"operations">): Given<"operations"> {
    return await listOperations(this.#db, ...args);
  }

  async pendingOperations(): Given<"pendingOperations"> {
    return await listPendingOperations(this.#db);
  }

  async nextUndo(...args: Params<"nextUndo">): Given<"nextUndo"> {
    return await nextUndo(this.#db, ...args);
  }

  async nextRedo(...args: Params<"nextRedo">): Given<"nextRedo"> {
    return await nextRedo(this.#db, ...args);
  }

  async position(...args: Params<"position">): Given<"position"> {
    return await findPosition(this.#db, ...args);
  }

  async events(...args: Params<"events">): Given<"events"> {
    const lines = await this.eventLines(...args);
    return lines.map(({ event }) => event);
  }

  async eventLines(...args: Params<"eventLines">): Given<"eventLines"> {
    return await listEventLines(this.#db, ...args);
  }

  async countEvents(...args: Params<"countEvents">): Given<"countEvents"> {
    return await countEvents(this.#db, ...args);
  }

  async eventPaths(...args: Params<"eventPaths">): Given<"eventPaths"> {
    return await findEventPaths(this.#db, ...args);
  }

  async seqBeforeLast(...args: Params<"seqBeforeLast">): Given<"seqBeforeLast"> {
    return await findSeqBeforeLast(this.#db, ...args);
  }

  async consumers(...args: Params<"consumers">): Given<"consumers"> {
    return await listConsumers(this.#db, ...args);
  }

  async consumer(...args: Params<"consumer">): Given<"consumer"> {
    return await findConsumer(this.#db, ...args);
  }

  async idempotent(...args: Params<"idempotent">): Given<"idempotent"> {
    return await findIdempotent(this.#db, ...args);
  }

  async keys(): Given<"keys"> {
    return await listKeys(this.#db);
  }

  async keyByHash(...args: Params<"keyByHash">): Given<"keyByHash"> {
    return await findKeyByHash(this.#db, ...args);
  }
}
