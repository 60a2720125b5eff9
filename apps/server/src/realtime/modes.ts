import type { ParsedParams } from "@cairn/shared/methods";
import type { Active } from "./subscriptions.ts";

const modes = ["base", "selective", "batched", "acknowledged", "overview"] as const;
type Mode = (typeof modes)[number];

/** What a subscription asks of the server most of all. */
function modeOf(params: ParsedParams<"subscribe">): Mode {
  if (params.session_id === "*") return "overview";
  if (params.ack !== undefined) return "acknowledged";
  if (params.batch !== undefined) return "batched";
  return params.events === undefined && params.filter === undefined ? "base" : "selective";
}

/** In which mode subscriptions were made, for the metrics. */
export class Modes {
  readonly #of = new WeakMap<Active, Mode>();

  note(active: Active | undefined, params: ParsedParams<"subscribe">): void {
    if (active !== undefined) this.#of.set(active, modeOf(params));
  }

  /** How many there are of each. */
  count(subscriptions: Iterable<Active>): Record<Mode, number> {
    const counts = Object.fromEntries(modes.map((mode) => [mode, 0])) as Record<Mode, number>;
    for (const active of subscriptions) {
      const mode = this.#of.get(active);
      if (mode !== undefined) counts[mode] += 1;
    }
    return counts;
  }
}
