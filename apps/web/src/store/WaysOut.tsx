import type { ErrorCode } from "@cairn/shared/errors";
import { isAvailable, runCommand, type CommandId } from "../commands.ts";
import { Button } from "../ui/Button.tsx";
import { toFailure } from "../ui/error.ts";

/** What can be done about a failure, by the command that opens it. */
const ways: Partial<Record<ErrorCode, readonly [CommandId, string][]>> = {
  store_full: [
    ["compact", "Compact…"],
    ["trash", "Empty the trash…"],
    ["limits", "Limits…"],
    ["store", "Store…"],
  ],
  limit_reached: [["limits", "Limits…"]],
  damaged: [["validate", "Find what is damaged…"]],
};

interface Props {
  error: unknown;
  /** Closes what the failure stands in, so that the way leads somewhere. */
  onLeave: () => void;
}

/** Buttons that lead to what can be done about a failure. */
export function WaysOut({ error, onLeave }: Props) {
  const known: Readonly<Record<string, readonly [CommandId, string][] | undefined>> = ways;
  const { code } = toFailure(error);
  return (known[code] ?? [])
    .filter(([command]) => isAvailable(command))
    .map(([command, label]) => (
      <Button
        key={command}
        onClick={() => {
          onLeave();
          runCommand(command);
        }}
      >
        {label}
      </Button>
    ));
}
