import type { Client, ConnectionState, EndReason, SubscribeOptions } from "@cairn/shared/client";
import type { LiveEvent } from "@cairn/shared/events";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { idOf, session_id } from "./rows.ts";

interface Asked {
  method: MethodName;
  params: unknown;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
}

/** A client whose answers and events the test gives by hand, in whatever order it wants. */
export class ScriptedClient implements Client {
  state: ConnectionState = { status: "live", rttMs: 1 };
  options: SubscribeOptions | null = null;
  asked: Asked[] = [];

  call<M extends MethodName>(method: M, params?: Params<M>): Promise<Result<M>> {
    return new Promise((resolve, reject) => {
      this.asked.push({
        method,
        params,
        resolve: (result) => resolve(result as Result<M>),
        reject,
      });
    });
  }

  subscribe(_session_id: string, options: SubscribeOptions) {
    this.options = options;
    return {
      unsubscribe: () => {
        this.options = null;
      },
    };
  }

  onState() {
    return () => {};
  }

  signIn(): void {}
  close(): void {}

  /** Confirms the subscription at this seq. */
  subscribed(seq: number, { recovered = true, replayed = 0 } = {}): void {
    this.options?.onSubscribed?.({
      subscribed: true,
      session_id,
      subscription_id: "s",
      epoch: "e",
      seq,
      oldest_seq: 1,
      recovered,
      replayed,
    });
  }

  /** The server ends the subscription. */
  end(reason: EndReason): void {
    const { options } = this;
    this.options = null;
    options?.onEnded?.(reason);
  }

  event(...events: LiveEvent[]): void {
    this.options?.onEvents?.(events);
  }

  /** The oldest unanswered call of a method, taken off the list. */
  take(method: MethodName): Asked {
    const at = this.asked.findIndex((each) => each.method === method);
    const [found] = at < 0 ? [] : this.asked.splice(at, 1);
    if (found === undefined) throw new Error(`nobody asked for ${method}`);
    return found;
  }
}

const timestamp = "2026-01-01T00:00:00.000Z";

/** A logged event as a subscription gives it. */
export function liveEvent(
  seq: number,
  event_type: LiveEvent["event_type"],
  extras: Partial<LiveEvent> & { about?: number } = {},
): LiveEvent {
  const { about = 0, ...rest } = extras;
  return {
    event_type,
    data: {
      session_id,
      timestamp,
      checkpoint_id: idOf(about),
      remaining: 0,
      operation_id: idOf(about),
    },
    seq,
    prev: seq - 1,
    epoch: "e",
    actor: "test",
    ...rest,
  } as LiveEvent;
}
