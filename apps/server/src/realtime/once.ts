import { createHash } from "node:crypto";
import { ProtocolError } from "@cairn/shared/errors";
import { canonicalJson } from "../checkpoints/checksum.ts";
import type { Receipt, Service } from "../service.ts";
import { idempotencyMs } from "../storage/store.ts";
import type { KeyedCall, Store } from "../storage/store.ts";

interface Options {
  store: Pick<Store, "idempotent" | "pendingOperations" | "transact">;
  service: Pick<Service, "recover">;
  now: () => number;
  /** A call was answered with what an earlier one had been answered. */
  onRepeated?: () => void;
}

/** A call under an idempotency key. */
interface Keyed {
  actor: string;
  method: string;
  key: string;
  /** Parsed, without the key. */
  params: object;
}

interface Running {
  params_hash: string;
  answer: Promise<unknown>;
}

function conflict({ key, method }: KeyedCall): ProtocolError {
  return new ProtocolError(
    "idempotency_conflict",
    `The idempotency_key "${key}" was used for another ${method}. Make up a new one for each call.`,
  );
}

/** Does a call under an idempotency key once, however often and whatever way it comes in. */
export class Once {
  readonly #options: Options;
  readonly #running = new Map<string, Running>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** What the first call under this key answered; `work` must keep its answer by the receipt. */
  async answer(
    { actor, method, key, params }: Keyed,
    work: (receipt: Receipt) => Promise<unknown>,
  ): Promise<unknown> {
    const params_hash = createHash("sha256").update(canonicalJson(params)).digest("hex");
    const call = { method, key, params_hash };
    const id = JSON.stringify([actor, method, key]);
    const running = this.#running.get(id);
    if (running !== undefined) {
      if (running.params_hash !== params_hash) throw conflict(call);
      const answer = await running.answer;
      this.#options.onRepeated?.();
      return answer;
    }
    const answer = this.#answer(actor, call, work);
    this.#running.set(id, { params_hash, answer });
    try {
      return await answer;
    } finally {
      this.#running.delete(id);
    }
  }

  async #answer(
    actor: string,
    call: KeyedCall,
    work: (receipt: Receipt) => Promise<unknown>,
  ): Promise<unknown> {
    const { store, onRepeated } = this.#options;
    await this.#endCut(actor, call);
    const kept = await this.#find(actor, call);
    if (kept !== null) {
      onRepeated?.();
      return JSON.parse(kept) as unknown;
    }
    const receipt = this.#receiptOf(actor, call);
    const answer = await work(receipt);
    // What had nothing to change, or does not end in a transaction of its own, is kept after it.
    if ((await this.#find(actor, call)) === null) {
      await store.transact((tx) => receipt.keep(tx, answer));
    }
    return answer;
  }

  async #find(actor: string, call: KeyedCall): Promise<string | null> {
    const { store, now } = this.#options;
    const row = await store.idempotent(actor, call.method, call.key);
    if (row === null || Date.parse(row.created_at) <= now() - idempotencyMs) return null;
    if (row.params_hash !== call.params_hash) throw conflict(call);
    return row.result;
  }

  #receiptOf(actor: string, call: KeyedCall): Receipt {
    const created_at = new Date(this.#options.now()).toISOString();
    return {
      call,
      keep: async (tx, answer) => {
        const result = JSON.stringify(answer);
        await tx.insertIdempotent({ ...call, actor, result, created_at });
      },
    };
  }

  /**
   * An operation under this key that is pending although no call is at work was cut by a crash,
   * and its folder has been out of reach since. Its end keeps the answer, or leaves the key free.
   */
  async #endCut(actor: string, call: KeyedCall): Promise<void> {
    const { store, service } = this.#options;
    for (const { session_id, actor: by, call: cut } of await store.pendingOperations()) {
      if (by !== actor || cut?.method !== call.method || cut.key !== call.key) continue;
      if (cut.params_hash !== call.params_hash) throw conflict(call);
      await service.recover(session_id);
    }
  }
}
