import { Timer } from "lucide-react";
import { useSyncExternalStore } from "react";
import { useLiveFacts } from "../state/live-facts.ts";
import { classNames } from "../ui/class-names.ts";
import { onTick } from "../ui/now.ts";
import { Text } from "../ui/Text.tsx";
import { autoWords } from "./auto-words.ts";

const troubled: ReadonlySet<string> = new Set(["backing_off", "paused"]);

/** Where automatic checkpoints of a session stand, kept true; nothing where there are none. */
export function AutoLine({ session_id, short = false }: { session_id: string; short?: boolean }) {
  const { auto_state } = useLiveFacts(session_id);
  const words = useSyncExternalStore(onTick, () =>
    auto_state === undefined ? "" : autoWords(auto_state, Date.now()),
  );
  if (auto_state === undefined || auto_state.status === "off") return null;
  const trouble = troubled.has(auto_state.status);
  return (
    <span
      className={classNames(
        "inline-flex min-w-0 items-center gap-1.5",
        trouble ? "text-warn" : "text-fg-3",
        short && "max-w-56",
      )}
      title={`Automatic checkpoints. ${words}`}
    >
      <Timer size={14} aria-hidden="true" className="shrink-0" />
      <span className="sr-only">Automatic checkpoints: </span>
      <span className={classNames(short && "truncate", short && !trouble && "@max-md:sr-only")}>
        <Text value={words} />
      </span>
    </span>
  );
}
