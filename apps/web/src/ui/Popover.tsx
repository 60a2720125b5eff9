import { Popover as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  trigger: ReactElement;
  /** Accessible name of the panel. */
  label: string;
  children: ReactNode;
}

/** A panel below a button, for more than a menu holds. */
export function Popover({ open, onOpenChange, trigger, label, children }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className="appears scrolls z-30 max-h-(--radix-popper-available-height) w-96 max-w-[calc(100vw-16px)] rounded-md border border-line bg-raised text-fg shadow-pop focus:outline-none"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
