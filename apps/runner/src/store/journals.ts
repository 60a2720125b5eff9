import { writeError } from "./errors.ts";
import type { StoreIndex } from "./store-index.ts";

export interface Journal {
  operation_id: string;
  phase: string;
  data: unknown;
}

/** Restore journals, by operation. Each change is durable when the call returns. */
export class Journals {
  readonly #index: StoreIndex;

  constructor(index: StoreIndex) {
    this.#index = index;
  }

  get(operationId: string): Journal | undefined {
    const row = this.#index.database
      .prepare("SELECT operation_id, phase, data FROM journals WHERE operation_id = ?")
      .get(operationId);
    return row && journal(row);
  }

  /** `data` is kept as JSON. */
  put(operationId: string, phase: string, data: unknown): void {
    const text = JSON.stringify(data);
    this.#write(() => {
      this.#index.database
        .prepare("INSERT OR REPLACE INTO journals VALUES (?, ?, ?, ?)")
        .run(operationId, phase, text, Date.now());
    });
  }

  delete(operationId: string): void {
    this.#write(() => {
      this.#index.database.prepare("DELETE FROM journals WHERE operation_id = ?").run(operationId);
    });
  }

  #write(work: () => void): void {
    try {
      this.#index.write(work);
    } catch (error) {
      throw writeError(error);
    }
  }

  list(): Journal[] {
    return this.#index.database
      .prepare("SELECT operation_id, phase, data FROM journals ORDER BY updated_at, operation_id")
      .all()
      .map(journal);
  }
}

function journal(row: Record<string, unknown>): Journal {
  const data: unknown = JSON.parse(String(row["data"]));
  return { operation_id: String(row["operation_id"]), phase: String(row["phase"]), data };
}
