import type { Session } from "@cairn/shared/session";
import { commands } from "../commands.ts";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { Text } from "../ui/Text.tsx";

interface Props {
  session: Session;
  reason: string | null;
  onCreate: () => void;
}

/** A session without checkpoints. */
export function FirstCheckpoint({ session, reason, onCreate }: Props) {
  return (
    <EmptyState
      title="No checkpoints yet"
      actions={
        <Button tone="primary" keys={commands.create.keys} reason={reason} onClick={onCreate}>
          Create the first checkpoint
        </Button>
      }
    >
      {session.workspace === null ? (
        "The first one keeps the state that comes with it."
      ) : (
        <>
          The first one captures{" "}
          <span className="datum wrap-anywhere">
            <Text value={session.workspace} />
          </span>{" "}
          as it is now.
        </>
      )}
    </EmptyState>
  );
}
