import { CircleSlash } from "lucide-react";
import type { ReactNode } from "react";

/** Says plainly that something was stopped, and what that left. */
export function Cancelled({ children }: { children: ReactNode }) {
  return (
    <p role="status" className="flex items-start gap-2 rounded-sm bg-sunken px-3 py-2">
      <CircleSlash size={16} className="mt-0.5 shrink-0 text-fg-3" aria-hidden="true" />
      <span>
        <strong className="font-semibold">Cancelled.</strong> {children}
      </span>
    </p>
  );
}
