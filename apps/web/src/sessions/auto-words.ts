import type { AutoState } from "@cairn/shared/session";
import { plural } from "../format.ts";

const units: [seconds: number, unit: string][] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
];

/** How long until a time, in one unit: `in 4 min`, `in 20 s`, `now`. */
export function untilWords(time: string, now: number): string {
  const seconds = Math.ceil((Date.parse(time) - now) / 1000);
  if (!(seconds > 0)) return "now";
  for (const [size, unit] of units)
    if (seconds >= size) return `in ${Math.round(seconds / size)} ${unit}`;
  return `in ${seconds} s`;
}

/** Where automatic checkpoints stand: `Next in 4 min`, `Backing off after 2 failures: …`. */
export function autoWords(state: AutoState, now: number): string {
  const next = state.next_at === null ? null : untilWords(state.next_at, now);
  const error = state.last_error === null ? "" : `: ${state.last_error}`;
  switch (state.status) {
    case "off":
      return "Off";
    case "working":
      return "Taking one now";
    case "waiting":
      return next === null ? "Waiting for a change" : `Next ${next}`;
    case "paused":
      return `Paused${error}`;
    case "backing_off": {
      const again = next === null ? "" : `, trying again ${next}`;
      return `Backing off after ${plural(state.failures, "failure")}${again}${error}`;
    }
    default:
      return state.status satisfies never;
  }
}
