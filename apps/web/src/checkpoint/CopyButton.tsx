import { Copy } from "lucide-react";
import { IconButton } from "../ui/Button.tsx";
import { copyText } from "../ui/copy.ts";

/** Puts a datum on the clipboard; `what` names it: "Checkpoint id". */
export function CopyButton({ what, value }: { what: string; value: string }) {
  return (
    <IconButton
      label={`Copy ${what.toLowerCase()}`}
      className="-my-1.5 size-6 pointer-coarse:size-8"
      onClick={() => void copyText(value, what)}
    >
      <Copy size={13} aria-hidden="true" />
    </IconButton>
  );
}
