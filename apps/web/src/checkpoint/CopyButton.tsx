import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "../ui/Button.tsx";
import { toastError } from "../ui/toast.ts";

const shownMs = 1500;

/** Puts a datum on the clipboard; `what` names it: "checkpoint id". */
export function CopyButton({ what, value }: { what: string; value: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), shownMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch (error) {
      // A browser offers the clipboard on secure origins only.
      toastError(`The ${what} could not be copied`, error);
    }
  };
  return (
    <>
      <IconButton
        label={`Copy ${what}`}
        className="-my-1.5 size-6 pointer-coarse:size-8"
        onClick={() => void copy()}
      >
        {copied ? (
          <Check size={13} className="text-good" aria-hidden="true" />
        ) : (
          <Copy size={13} aria-hidden="true" />
        )}
      </IconButton>
      <span role="status" className="sr-only">
        {copied ? "Copied" : ""}
      </span>
    </>
  );
}
