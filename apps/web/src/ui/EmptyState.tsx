import type { ReactNode } from "react";

interface Props {
  title: string;
  /** What it means and what to do. */
  children?: ReactNode;
  /** The way out. */
  actions?: ReactNode;
}

/** Says that there is nothing here, why, and what to do. */
export function EmptyState({ title, children, actions }: Props) {
  return (
    <div className="mx-auto grid max-w-md justify-items-center gap-2 px-4 py-10 text-center">
      <p className="text-base font-semibold">{title}</p>
      {children !== undefined && <div className="text-fg-2">{children}</div>}
      {actions !== undefined && (
        <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div>
      )}
    </div>
  );
}
