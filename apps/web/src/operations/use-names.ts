import { useEffect, useRef, useState } from "react";
import { getCheckpoint, listTrash } from "../actions.ts";
import { useLive } from "../state/live.ts";
import { checkpointName, type NameCheckpoint } from "./operation-words.ts";

async function messageOf(session_id: string, checkpoint_id: string): Promise<string> {
  try {
    return (await getCheckpoint(session_id, checkpoint_id)).checkpoint.message;
  } catch (error) {
    const { checkpoints } = await listTrash({ session_id });
    const found = checkpoints.find((each) => each.checkpoint_id === checkpoint_id);
    if (found === undefined) throw error;
    return found.message;
  }
}

/** Names of checkpoints, also of those in the trash or beyond the loaded rows: these are asked for. */
export function useNames(session_id: string, ids: readonly (string | null)[]): NameCheckpoint {
  const { log } = useLive(session_id);
  const [asked, setAsked] = useState<ReadonlyMap<string, string>>(new Map());
  const requested = useRef(new Set<string>());
  const unknown = ids.filter((id) => id !== null && log.get(id) === undefined && !asked.has(id));
  const wanted = [...new Set(unknown)].join(" ");
  useEffect(() => {
    for (const checkpoint_id of wanted === "" ? [] : wanted.split(" ")) {
      if (requested.current.has(checkpoint_id)) continue;
      requested.current.add(checkpoint_id);
      messageOf(session_id, checkpoint_id).then(
        (message) => setAsked((names) => new Map(names).set(checkpoint_id, message)),
        // Deleted for good: its id has to do.
        () => {},
      );
    }
  }, [session_id, wanted]);
  return (id) => checkpointName(log.get(id)?.message ?? asked.get(id), id);
}
