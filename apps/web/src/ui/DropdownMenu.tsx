import { DropdownMenu as Radix } from "radix-ui";
import type { MenuProps } from "./menu-entry.ts";
import { menuBox, MenuEntries } from "./MenuEntries.tsx";

/** What `Menu` shows once it was asked for, open at first. */
export function DropdownMenu({ entries, trigger, align = "end" }: MenuProps) {
  return (
    // Not modal: a modal one locks scrolling by a <style> tag the CSP forbids.
    <Radix.Root modal={false} defaultOpen>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content align={align} sideOffset={4} collisionPadding={8} className={menuBox}>
          <MenuEntries entries={entries} Item={Radix.Item} Separator={Radix.Separator} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
