import type { Transaction } from "kysely";
import type { Tx } from "../store.ts";
import { deleteAnnotation, insertAnnotation } from "./annotations.ts";
import { insertCheckpoint, nextSequenceNumber, updateCheckpoint } from "./checkpoint-writes.ts";
import { deleteConsumer, saveConsumer } from "./consumers.ts";
import { appendEvent } from "./events.ts";
import { expireIdempotent, insertIdempotent } from "./idempotent.ts";
import { deleteKey, insertKey, touchKey } from "./keys.ts";
import { insertOperation, updateOperation } from "./operations.ts";
import { SqlReads } from "./reads.ts";
import { purgeSession } from "./purge-session.ts";
import { insertSession, updateSession } from "./sessions.ts";
import type { Tables } from "./tables.ts";
import { removeCheckpoints, schedulePurge, undeleteCheckpoints } from "./trash.ts";
import { trimLog } from "./trim.ts";
import { deleteRetention, saveRetention, saveUpkeep } from "./upkeep.ts";

type Params<M extends keyof Tx> = Parameters<Tx[M]>;
type Given<M extends keyof Tx> = ReturnType<Tx[M]>;

/** All reads and writes of one transaction; it refuses everything once that has ended. */
export class SqlTx extends SqlReads implements Tx {
  readonly #db: Transaction<Tables>;

  constructor(db: Transaction<Tables>) {
    super(db);
    this.#db = db;
  }

  async insertSession(...args: Params<"insertSession">): Given<"insertSession"> {
    await insertSession(this.#db, ...args);
  }

  async updateSession(...args: Params<"updateSession">): Given<"updateSession"> {
    await updateSession(this.#db, ...args);
  }

  async purgeSession(...args: Params<"purgeSession">): Given<"purgeSession"> {
    return await purgeSession(this.#db, ...args);
  }

  async nextSequenceNumber(): Given<"nextSequenceNumber"> {
    return await nextSequenceNumber(this.#db);
  }

  async insertCheckpoint(...args: Params<"insertCheckpoint">): Given<"insertCheckpoint"> {
    await insertCheckpoint(this.#db, ...args);
  }

  async updateCheckpoint(...args: Params<"updateCheckpoint">): Given<"updateCheckpoint"> {
    return await updateCheckpoint(this.#db, ...args);
  }

  async removeCheckpoints(...args: Params<"removeCheckpoints">): Given<"removeCheckpoints"> {
    return await removeCheckpoints(this.#db, ...args);
  }

  async undeleteCheckpoints(...args: Params<"undeleteCheckpoints">): Given<"undeleteCheckpoints"> {
    return await undeleteCheckpoints(this.#db, ...args);
  }

  async schedulePurge(...args: Params<"schedulePurge">): Given<"schedulePurge"> {
    return await schedulePurge(this.#db, ...args);
  }

  async saveRetention(...args: Params<"saveRetention">): Given<"saveRetention"> {
    await saveRetention(this.#db, ...args);
  }

  async deleteRetention(...args: Params<"deleteRetention">): Given<"deleteRetention"> {
    await deleteRetention(this.#db, ...args);
  }

  async saveUpkeep(...args: Params<"saveUpkeep">): Given<"saveUpkeep"> {
    await saveUpkeep(this.#db, ...args);
  }

  async insertAnnotation(...args: Params<"insertAnnotation">): Given<"insertAnnotation"> {
    await insertAnnotation(this.#db, ...args);
  }

  async deleteAnnotation(...args: Params<"deleteAnnotation">): Given<"deleteAnnotation"> {
    await deleteAnnotation(this.#db, ...args);
  }

  async insertOperation(...args: Params<"insertOperation">): Given<"insertOperation"> {
    await insertOperation(this.#db, ...args);
  }

  async updateOperation(...args: Params<"updateOperation">): Given<"updateOperation"> {
    await updateOperation(this.#db, ...args);
  }

  async appendEvent(...args: Params<"appendEvent">): Given<"appendEvent"> {
    return await appendEvent(this.#db, ...args);
  }

  async saveConsumer(...args: Params<"saveConsumer">): Given<"saveConsumer"> {
    await saveConsumer(this.#db, ...args);
  }

  async deleteConsumer(...args: Params<"deleteConsumer">): Given<"deleteConsumer"> {
    return await deleteConsumer(this.#db, ...args);
  }

  async insertIdempotent(...args: Params<"insertIdempotent">): Given<"insertIdempotent"> {
    await insertIdempotent(this.#db, ...args);
  }

  async expireIdempotent(...args: Params<"expireIdempotent">): Given<"expireIdempotent"> {
    return await expireIdempotent(this.#db, ...args);
  }

  async trimLog(...args: Params<"trimLog">): Given<"trimLog"> {
    return await trimLog(this.#db, ...args);
  }

  async insertKey(...args: Params<"insertKey">): Given<"insertKey"> {
    await insertKey(this.#db, ...args);
  }

  async touchKey(...args: Params<"touchKey">): Given<"touchKey"> {
    await touchKey(this.#db, ...args);
  }

  async deleteKey(...args: Params<"deleteKey">): Given<"deleteKey"> {
    return await deleteKey(this.#db, ...args);
  }
}
