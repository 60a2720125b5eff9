import type { AutoState } from "@cairn/shared/session";
import { plural } from "../format.ts";

/** From when on each is used: what would be rounded to 60 min is 1 h. */
const units: [from: number, seconds: number, unit: string][] = [
  [84_600, 86_400, "d"],
  [3570, 3600, "h"],
  [60, 60, "min"],
];

/** How long until a time, in one unit: `in 4 min`, `in 20 s`, `now`. */
export function untilWords(time: string, now: number): string {
  const seconds = Math.ceil((Date.parse(time) - now) / 1000);
  if (!(seconds > 0)) return "now";
  for (const [from, size, unit] of units)
    if (seconds >= from) return `in ${Math.round(seconds / size)} ${unit}`;
  return `in ${seconds} s`;
}

/** Where automatic checkpoints stand, in few words: `Next in 4 min`, `Paused`. */
export function autoShort(state: AutoState, now: number): string {
  const next = state.next_at === null ? null : untilWords(state.next_at, now);
  const again = next === null ? "" : `, trying again ${next}`;
  switch (state.status) {
    case "off":
      return "Off";
    case "working":
      return "Taking one now";
    case "waiting":
      return next === null ? "Waiting for a change" : `Next ${next}`;
    case "paused":
      return `Paused${again}`;
    case "backing_off":
      return `Backing off after ${plural(state.failures, "failure")}${again}`;
    default:
      return state.status satisfies never;
  }
}

/** The same with why: `Backing off after 2 failures, trying again in 2 min: …`. */
export function autoWords(state: AutoState, now: number): string {
  const words = autoShort(state, now);
  const troubled = state.status === "paused" || state.status === "backing_off";
  return troubled && state.last_error !== null ? `${words}: ${state.last_error}` : words;
}
