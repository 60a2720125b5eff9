import { isAvailable, runCommand } from "../commands.ts";
import { Button } from "../ui/Button.tsx";
import { waysOut } from "./ways-out.ts";

interface Props {
  error: unknown;
  /** Closes what the failure stands in, so that the way leads somewhere. */
  onLeave: () => void;
}

/** Buttons that lead to what can be done about a failure. */
export function WaysOut({ error, onLeave }: Props) {
  return waysOut(error)
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
