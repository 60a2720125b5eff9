import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

export interface Tab<T extends string> {
  id: T;
  title: string;
  /** Something in it needs a look. */
  marked?: boolean;
  content: ReactNode;
}

interface Props<T extends string> {
  /** Accessible name of the row of tabs. */
  label: string;
  tabs: readonly Tab<T>[];
  open: T;
  onOpen: (id: T) => void;
}

/** Panels of which one is shown; arrow keys walk the row. */
export function Tabs<T extends string>({ label, tabs, open, onOpen }: Props<T>) {
  return (
    <Radix.Root value={open} onValueChange={(id) => onOpen(id as T)}>
      <Radix.List
        aria-label={label}
        className="-mx-4 -mt-3 mb-3 flex gap-1 border-b border-line bg-surface px-3 max-sm:px-1"
      >
        {tabs.map(({ id, title, marked = false }) => (
          <Radix.Trigger
            key={id}
            value={id}
            className={classNames(
              "min-h-9 border-b-2 px-2 text-sm whitespace-nowrap -outline-offset-2 max-sm:px-1.5",
              id === open
                ? "border-accent font-medium text-fg"
                : "border-transparent text-fg-2 hover:text-fg",
            )}
          >
            {title}
            {marked && (
              <span className="text-bad">
                <span aria-hidden="true"> •</span>
                <span className="sr-only"> (something is wrong here)</span>
              </span>
            )}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map(({ id, content }) => (
        // Its first control is the way in, so the panel itself takes no focus.
        <Radix.Content key={id} value={id} tabIndex={-1} className="focus:outline-none">
          {content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
