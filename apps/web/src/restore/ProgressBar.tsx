import type { Progress } from "../state/progress.ts";
import { progressWords } from "./plan-words.ts";

/** How far work on files is, in words and as a bar. */
export function ProgressBar({ label, progress }: { label: string; progress: Progress | null }) {
  const total = progress?.total ?? null;
  const share = total === null || total === 0 ? null : Math.min(1, (progress?.done ?? 0) / total);
  return (
    <div className="grid gap-1">
      <div
        role="progressbar"
        aria-label={label}
        aria-valuetext={progressWords(progress)}
        {...(share === null
          ? {}
          : { "aria-valuenow": Math.round(share * 100), "aria-valuemin": 0, "aria-valuemax": 100 })}
        className="h-1.5 overflow-hidden rounded-full bg-sunken"
      >
        <div
          className="h-full rounded-full bg-accent transition-[width] duration-100"
          style={{ width: share === null ? "15%" : `${share * 100}%` }}
        />
      </div>
      <p className="datum text-fg-2">{progressWords(progress)}…</p>
    </div>
  );
}
