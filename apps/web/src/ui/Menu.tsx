import { ContextMenu as RadixContext, DropdownMenu as Radix } from "radix-ui";
import type { ComponentType, ReactElement, ReactNode } from "react";
import { classNames } from "./class-names.ts";
import { Kbd } from "./Kbd.tsx";

export interface MenuAction {
  label: string;
  run: () => void;
  icon?: ReactNode;
  keys?: string | undefined;
  /** Takes something away. */
  danger?: boolean;
  /** Why it cannot be used now: shown in the menu. */
  reason?: string | null | undefined;
}

export type MenuEntry = MenuAction | "separator";

const content =
  "appears scrolls z-50 max-h-(--radix-popper-available-height) min-w-48 max-w-80 rounded-md border border-line bg-raised p-1 text-sm text-fg shadow-pop";

interface ItemProps {
  disabled?: boolean;
  onSelect?: (event: Event) => void;
  className?: string;
  children?: ReactNode;
}

function Entries({
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

interface MenuProps {
  entries: readonly MenuEntry[];
  /** The button that opens it. */
  trigger: ReactElement;
  align?: "start" | "end";
}

/** A menu below a button. Not modal: a modal one locks scrolling by a <style> tag the CSP forbids. */
export function Menu({ entries, trigger, align = "end" }: MenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content align={align} sideOffset={4} collisionPadding={8} className={content}>
          <Entries entries={entries} Item={Radix.Item} Separator={Radix.Separator} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ContextMenuProps {
  entries: readonly MenuEntry[];
  children: ReactElement;
}

/** The menu of the secondary button (or the menu key) on what it wraps. */
export function ContextMenu({ entries, children }: ContextMenuProps) {
  return (
    <RadixContext.Root modal={false}>
      <RadixContext.Trigger asChild>{children}</RadixContext.Trigger>
      <RadixContext.Portal>
        <RadixContext.Content collisionPadding={8} className={content}>
          <Entries entries={entries} Item={RadixContext.Item} Separator={RadixContext.Separator} />
        </RadixContext.Content>
      </RadixContext.Portal>
    </RadixContext.Root>
  );
}
