import type { Result } from "@cairn/shared/methods";
import { useState } from "react";
import { repair, validate } from "../actions.ts";
import { isCancelled, useLongCall, type LongCall } from "../state/use-long-call.ts";
import type { Problem } from "./Problems.tsx";

const pageSize = 200;

export interface Outcome {
  valid: number;
  invalid: number;
  checked_at: string;
  problems: readonly Problem[];
  /** More problems than were listed. */
  more: boolean;
  /** Objects that a repair made whole; null after a mere look. */
  healed: number | null;
}

interface State {
  verb: "validate" | "repair";
  outcome: Outcome | null;
  cancelled: boolean;
  error: unknown;
}

interface Upkeep {
  call: LongCall;
  state: State;
  validate: (deep: boolean) => Promise<void>;
  repair: () => Promise<void>;
}

interface About {
  session_id?: string | undefined;
  checkpoint_id?: string | undefined;
}

type Answer = Result<"validate"> | Result<"repair">;

function outcomeOf(answer: Answer): Outcome {
  const { valid, invalid, checked_at, problems, next_cursor } = answer;
  const healed = "healed" in answer ? answer.healed : null;
  return { valid, invalid, checked_at, problems, more: next_cursor !== undefined, healed };
}

const untried: State = { verb: "validate", outcome: null, cancelled: false, error: null };

/** Checking and healing of one checkpoint, a session's or all. */
export function useUpkeep({ session_id, checkpoint_id }: About): Upkeep {
  const call = useLongCall();
  const [state, setState] = useState<State>(untried);
  const about = {
    limit: pageSize,
    ...(session_id === undefined ? {} : { session_id }),
    ...(checkpoint_id === undefined ? {} : { checkpoint_id }),
  };
  const run = async (
    verb: State["verb"],
    work: (operation_id: string) => Promise<Answer>,
  ): Promise<void> => {
    setState((before) => ({ ...before, verb, cancelled: false, error: null }));
    try {
      const outcome = outcomeOf(await call.run(work));
      setState({ verb, outcome, cancelled: false, error: null });
    } catch (error) {
      const cancelled = isCancelled(error);
      setState((before) => ({ ...before, cancelled, error: cancelled ? null : error }));
    }
  };
  return {
    call,
    state,
    validate: (deep) =>
      run("validate", (operation_id) => validate({ ...about, deep, operation_id })),
    repair: () => run("repair", (operation_id) => repair({ ...about, operation_id })),
  };
}
