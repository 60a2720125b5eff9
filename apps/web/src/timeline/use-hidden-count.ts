import { useEffect, useState } from "react";
import { useSessionEvents } from "../state/live.ts";

/** How many checkpoints came while this tab was hidden; zero while it is seen. */
export function useHiddenCount(session_id: string): number {
  const [count, setCount] = useState(0);
  useSessionEvents(session_id, (event) => {
    if (document.hidden && event.event_type === "checkpoint_created")
      setCount((before) => before + 1);
  });
  useEffect(() => {
    const seen = () => {
      if (!document.hidden) setCount(0);
    };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, []);
  return count;
}
