import { ContextMenu as Radix } from "radix-ui";
import type { ReactElement } from "react";
import type { MenuEntry } from "./menu-entry.ts";
import { menuBox, MenuEntries } from "./MenuEntries.tsx";

interface ContextMenuProps {
  entries: readonly MenuEntry[];
  children: ReactElement;
}

/** The menu of the secondary button (or the menu key) on what it wraps. */
export function ContextMenu({ entries, children }: ContextMenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content collisionPadding={8} className={menuBox}>
          <MenuEntries entries={entries} Item={Radix.Item} Separator={Radix.Separator} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
