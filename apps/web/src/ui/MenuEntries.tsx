import type { ComponentType, ReactNode } from "react";
import { classNames } from "./class-names.ts";
import { Kbd } from "./Kbd.tsx";
import type { MenuEntry } from "./menu-entry.ts";

/** How the box of a menu looks. */
export const menuBox =
  "appears scrolls z-50 max-h-(--radix-popper-available-height) min-w-48 max-w-80 rounded-md border border-line bg-raised p-1 text-sm text-fg shadow-pop";

interface ItemProps {
  disabled?: boolean;
  onSelect?: (event: Event) => void;
  className?: string;
  children?: ReactNode;
}

/** The lines of a menu, drawn with the parts of its kind. */
export function MenuEntries({
  entries,
  Item,
  Separator,
}: {
  entries: readonly MenuEntry[];
  Item: ComponentType<ItemProps>;
  Separator: ComponentType<{ className?: string }>;
}) {
  return entries.map((entry, at) =>
    entry === "separator" ? (
      // oxlint-disable-next-line react/no-array-index-key -- separators have no identity
      <Separator key={at} className="my-1 h-px bg-line" />
    ) : (
      <Item
        key={entry.label}
        disabled={typeof entry.reason === "string"}
        onSelect={entry.run}
        className={classNames(
          "flex min-h-7 items-center gap-2 rounded-sm px-2 py-1 outline-none data-highlighted:bg-selected data-disabled:cursor-not-allowed data-disabled:text-fg-3 pointer-coarse:min-h-9",
          entry.danger === true && "text-bad",
        )}
      >
        <span className="inline-flex w-4 shrink-0 justify-center" aria-hidden="true">
          {entry.icon}
        </span>
        <span className="min-w-0 flex-1">
          {entry.label}
          {typeof entry.reason === "string" && (
            <span className="block text-2xs text-fg-3">{entry.reason}</span>
          )}
        </span>
        {entry.keys !== undefined && <Kbd>{entry.keys}</Kbd>}
      </Item>
    ),
  );
}
