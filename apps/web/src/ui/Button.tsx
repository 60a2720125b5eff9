import type { ComponentProps, MouseEvent, ReactNode } from "react";
import { classNames } from "./class-names.ts";
import { Kbd } from "./Kbd.tsx";
import { Spinner } from "./Spinner.tsx";
import { Tooltip } from "./Tooltip.tsx";

export type ButtonTone = "plain" | "primary" | "danger" | "ghost";

interface Shared extends Omit<ComponentProps<"button">, "type" | "disabled"> {
  tone?: ButtonTone;
  type?: "button" | "submit";
  /** Why it cannot be used now: it stays focusable, says so on hover and focus, and does nothing. */
  reason?: string | null | undefined;
  /** Its action is under way: same width, no second click. */
  busy?: boolean;
}

interface ButtonProps extends Shared {
  icon?: ReactNode;
  /** The key that does the same. */
  keys?: string;
}

const tones: Record<ButtonTone, string> = {
  plain: "border-line bg-raised text-fg hover:border-line-strong",
  primary:
    "border-transparent bg-accent text-on-accent hover:bg-[color-mix(in_srgb,var(--accent)_88%,var(--fg))]",
  danger: "border-bad bg-raised text-bad hover:bg-bad-soft",
  ghost: "border-transparent text-fg-2 hover:bg-sunken hover:text-fg",
};

function guard({ reason, busy = false, onClick }: Shared) {
  const blocked = busy || (reason !== null && reason !== undefined);
  return {
    "aria-disabled": blocked || undefined,
    "aria-busy": busy || undefined,
    onClick: (event: MouseEvent<HTMLButtonElement>) => {
      if (blocked) event.preventDefault();
      else onClick?.(event);
    },
    look: blocked && !busy ? "cursor-not-allowed opacity-55!" : "",
  };
}

/** A button with a word on it. */
export function Button(props: ButtonProps) {
  const {
    tone = "plain",
    type = "button",
    reason,
    busy = false,
    icon,
    keys,
    className,
    children,
    ...rest
  } = props;
  const { look, ...guarded } = guard(props);
  const button = (
    <button
      {...rest}
      {...guarded}
      // oxlint-disable-next-line react/button-has-type -- "button" unless the caller says submit
      type={type}
      className={classNames(
        "inline-flex h-7 shrink-0 items-center justify-center gap-1.5 rounded-sm border px-2.5 text-sm font-medium whitespace-nowrap select-none pointer-coarse:h-9",
        tones[tone],
        look,
        className,
      )}
    >
      {busy ? <Spinner /> : icon}
      {children}
      {keys !== undefined && <Kbd>{keys}</Kbd>}
    </button>
  );
  return reason === null || reason === undefined ? (
    button
  ) : (
    <Tooltip text={reason}>{button}</Tooltip>
  );
}

interface IconButtonProps extends Shared {
  /** Its accessible name and tooltip. */
  label: string;
  keys?: string | undefined;
}

/** A square button that holds one icon of 16 px. */
export function IconButton(props: IconButtonProps) {
  const {
    tone = "ghost",
    type = "button",
    reason,
    busy = false,
    label,
    keys,
    className,
    children,
    ...rest
  } = props;
  const { look, ...guarded } = guard(props);
  return (
    <Tooltip text={reason ?? label} keys={keys}>
      <button
        {...rest}
        {...guarded}
        // oxlint-disable-next-line react/button-has-type -- "button" unless the caller says submit
        type={type}
        aria-label={label}
        className={classNames(
          "inline-flex size-7 shrink-0 items-center justify-center rounded-sm border pointer-coarse:size-9",
          tones[tone],
          look,
          className,
        )}
      >
        {busy ? <Spinner /> : children}
      </button>
    </Tooltip>
  );
}
