import type { Ref } from "react";
import { Button } from "./Button.tsx";

interface Props {
  /** It was asked to stop and has not yet. */
  cancelling: boolean;
  onCancel: () => void;
  ref?: Ref<HTMLButtonElement>;
}

/** Stops work that is under way. */
export function CancelButton({ cancelling, onCancel, ref }: Props) {
  return (
    <Button {...(ref === undefined ? {} : { ref })} busy={cancelling} onClick={onCancel}>
      {cancelling ? "Cancelling…" : "Cancel"}
    </Button>
  );
}
