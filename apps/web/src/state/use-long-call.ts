import { ProtocolError } from "@cairn/shared/errors";
import { useRef, useState } from "react";
import { cancel, newId } from "../actions.ts";
import { toFailure } from "../ui/error.ts";
import { toastError } from "../ui/toast.ts";
import { useProgress, type Progress } from "./progress.ts";

interface More {
  /** Another id under which `cancel` finds a part of the work. */
  alias?: string;
}

export interface LongCall {
  /** The id under which it is at work, or null. */
  operation_id: string | null;
  progress: Progress | null;
  /** It was asked to stop and has not yet. */
  cancelling: boolean;
  /** Does `work` under an id of its own; `step` throws between its calls once it is to stop. */
  run<T>(work: (operation_id: string, step: () => void) => Promise<T>, more?: More): Promise<T>;
  cancel: () => void;
}

/** Whether a call failed because somebody stopped it. */
export function isCancelled(error: unknown): boolean {
  return toFailure(error).code === "cancelled";
}

/** A call that takes its time, shows how far it is and can be stopped. */
export function useLongCall(): LongCall {
  const [operation_id, setOperationId] = useState<string | null>(null);
  const [cancelling, setCancelling] = useState(false);
  const stop = useRef(false);
  const alias = useRef<string | null>(null);
  const progress = useProgress(operation_id);
  return {
    operation_id,
    progress,
    cancelling,
    run: async (work, more) => {
      const id = newId();
      stop.current = false;
      alias.current = more?.alias ?? null;
      setCancelling(false);
      setOperationId(id);
      const step = () => {
        if (stop.current) throw new ProtocolError("cancelled", "This was cancelled.");
      };
      try {
        return await work(id, step);
      } finally {
        setOperationId(null);
        setCancelling(false);
      }
    },
    cancel: () => {
      if (operation_id === null || stop.current) return;
      stop.current = true;
      setCancelling(true);
      const ids = alias.current === null ? [operation_id] : [operation_id, alias.current];
      Promise.all(ids.map(cancel)).catch((error: unknown) => {
        stop.current = false;
        setCancelling(false);
        toastError("It could not be cancelled", error);
      });
    },
  };
}
