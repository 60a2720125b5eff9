import type { CheckpointSummary } from "@cairn/shared/checkpoint";

/**
 * The checkpoints of one session that this page has, newest first. It lives outside React and
 * Zustand: rows are replaced, never edited, so a row that is the same object is the same row.
 */
export class TimelineLog {
  readonly #byId = new Map<string, CheckpointSummary>();
  /** Ids in the order of sequence_number: what came after the first page, at the end. */
  #newer: string[] = [];
  /** Ids from the first page on, newest first: older pages, at the end. */
  #older: string[] = [];

  get length(): number {
    return this.#newer.length + this.#older.length;
  }

  get(checkpoint_id: string): CheckpointSummary | undefined {
    return this.#byId.get(checkpoint_id);
  }

  /** The row at a place, 0 being the newest. */
  at(index: number): CheckpointSummary | undefined {
    const id = this.#idAt(index);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  newest(): CheckpointSummary | undefined {
    return this.at(0);
  }

  oldest(): CheckpointSummary | undefined {
    return this.at(this.length - 1);
  }

  /** How many rows are newer than a sequence_number: also the place of the row that has it. */
  countNewer(sequence_number: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.at(middle)?.sequence_number ?? 0) > sequence_number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where a checkpoint stands, -1 if it is not here. */
  indexOf(checkpoint_id: string): number {
    const row = this.#byId.get(checkpoint_id);
    return row === undefined ? -1 : this.countNewer(row.sequence_number);
  }

  /** Adds a row in its place, or replaces the one that has its id. */
  put(row: CheckpointSummary): void {
    const known = this.#byId.has(row.checkpoint_id);
    if (known) {
      this.#byId.set(row.checkpoint_id, row);
      return;
    }
    const newest = this.newest();
    const oldest = this.oldest();
    const place = this.countNewer(row.sequence_number);
    this.#byId.set(row.checkpoint_id, row);
    if (newest === undefined || row.sequence_number > newest.sequence_number) {
      this.#newer.push(row.checkpoint_id);
    } else if (oldest !== undefined && row.sequence_number < oldest.sequence_number) {
      this.#older.push(row.checkpoint_id);
    } else if (place < this.#newer.length) {
      this.#newer.splice(this.#newer.length - place, 0, row.checkpoint_id);
    } else {
      this.#older.splice(place - this.#newer.length, 0, row.checkpoint_id);
    }
  }

  /** Takes rows out; the number that were here. */
  remove(ids: Iterable<string>): number {
    const gone = new Set<string>();
    for (const id of ids) if (this.#byId.delete(id)) gone.add(id);
    if (gone.size === 0) return 0;
    this.#newer = this.#newer.filter((id) => !gone.has(id));
    this.#older = this.#older.filter((id) => !gone.has(id));
    return gone.size;
  }

  clear(): void {
    this.#byId.clear();
    this.#newer = [];
    this.#older = [];
  }

  #idAt(index: number): string | undefined {
    const newer = this.#newer.length;
    return index < newer ? this.#newer[newer - 1 - index] : this.#older[index - newer];
  }
}
