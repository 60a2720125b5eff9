import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./Button.tsx";
import { toFailure } from "./error.ts";
import { Text } from "./Text.tsx";

interface Props {
  error: unknown;
  /** What failed, such as "The list could not be loaded". */
  title?: string;
  onRetry?: () => void;
  /** Further ways out. */
  actions?: ReactNode;
}

/** A failure where the person acted: what happened, its code, its reference, and a way on. */
export function ErrorNote({ error, title, onRetry, actions }: Props) {
  const { message, code, reference } = toFailure(error);
  return (
    <div role="alert" className="rounded-sm border border-bad bg-bad-soft px-3 py-2 text-fg">
      {title !== undefined && <p className="font-semibold">{title}</p>}
      <p className="wrap-anywhere">
        <Text value={message} />
      </p>
      <div className="mt-1 flex flex-wrap items-center justify-end gap-2">
        <span className="mr-auto flex flex-wrap gap-x-3">
          <span className="datum text-bad">{code}</span>
          {reference !== null && <span className="datum text-fg-2">reference {reference}</span>}
        </span>
        {actions}
        {onRetry !== undefined && (
          <Button onClick={onRetry} icon={<RotateCw size={14} aria-hidden="true" />}>
            Retry
          </Button>
        )}
      </div>
    </div>
  );
}
