export interface Journal {
  operation_id: string;
  phase: string;
  data: unknown;
}

/** Restore journals, by operation. Each change is durable when the call returns. */
export interface Journals {
  get(operationId: string): Journal | undefined;
  put(operationId: string, phase: string, data: unknown): void;
  delete(operationId: string): void;
  list(): Journal[];
}
