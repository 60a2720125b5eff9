import type { KeyboardEvent, ReactElement, ReactNode } from "react";

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

type Trigger = ReactElement<{
  "aria-haspopup"?: "menu";
  "aria-expanded"?: boolean;
  onClick?: () => void;
  onKeyDown?: (event: KeyboardEvent) => void;
}>;

export interface MenuProps {
  entries: readonly MenuEntry[];
  /** The button that opens it. */
  trigger: Trigger;
  align?: "start" | "end";
}
