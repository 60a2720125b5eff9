import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

export type BadgeTone = "neutral" | "accent" | "warn" | "bad" | "good";

const tones: Record<BadgeTone, string> = {
  neutral: "border-line text-fg-2",
  accent: "border-transparent bg-accent-soft text-accent",
  warn: "border-transparent bg-warn-soft text-warn",
  bad: "border-transparent bg-bad-soft text-bad",
  good: "border-transparent bg-good-soft text-good",
};

interface Props {
  tone?: BadgeTone;
  /** What it means, on hover. */
  title?: string;
  /** Gives way where there is little room. */
  shrinks?: boolean;
  children: ReactNode;
}

/** A word or tag in a box; the word carries the meaning, the colour only repeats it. */
export function Badge({ tone = "neutral", title, shrinks = false, children }: Props) {
  return (
    <span
      title={title}
      className={classNames(
        "inline-flex h-5 max-w-40 min-w-0 items-center gap-1 rounded-sm border px-1.5 text-2xs font-medium",
        !shrinks && "shrink-0",
        tones[tone],
      )}
    >
      <span className="inline-flex min-w-0 items-center gap-1 truncate">{children}</span>
    </span>
  );
}
