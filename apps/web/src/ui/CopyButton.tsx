import { Copy } from "lucide-react";
import { IconButton } from "./Button.tsx";
import { copyText } from "./copy.ts";

/** Copies a value; `what` names it, such as "Link". */
export function CopyButton({ value, what }: { value: string; what: string }) {
  return (
    <IconButton label={`Copy ${what.toLowerCase()}`} onClick={() => void copyText(value, what)}>
      <Copy size={14} aria-hidden="true" />
    </IconButton>
  );
}
