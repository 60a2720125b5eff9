import { Timer } from "lucide-react";
import { useSyncExternalStore } from "react";
import { useLiveFacts } from "../state/live-facts.ts";
import { Button } from "../ui/Button.tsx";
import { classNames } from "../ui/class-names.ts";
import { onTick } from "../ui/now.ts";
import { Text } from "../ui/Text.tsx";
import { autoShort, autoWords } from "./auto-words.ts";

const troubled: ReadonlySet<string> = new Set(["backing_off", "paused"]);

/** Words about automatic checkpoints, kept true; null where there are none. */
function useAuto(
  session_id: string,
  words: typeof autoWords,
): { text: string; trouble: boolean } | null {
  const { auto_state } = useLiveFacts(session_id);
  const text = useSyncExternalStore(onTick, () =>
    auto_state === undefined ? "" : words(auto_state, Date.now()),
  );
  if (auto_state === undefined || auto_state.status === "off") return null;
  return { text, trouble: troubled.has(auto_state.status) };
}

/** Where automatic checkpoints of a session stand, and why; nothing where there are none. */
export function AutoLine({ session_id }: { session_id: string }) {
  const auto = useAuto(session_id, autoWords);
  if (auto === null) return null;
  return (
    <span className={classNames("flex items-start gap-1.5", auto.trouble && "text-warn")}>
      <Timer size={14} aria-hidden="true" className="mt-0.5 shrink-0" />
      <span className="min-w-0 wrap-anywhere">
        <Text value={auto.text} />
      </span>
    </span>
  );
}

interface AutoButtonProps {
  session_id: string;
  /** Shows the settings of it, and why it is not going well. */
  onOpen: () => void;
}

/** The same in few words on a bar. */
export function AutoButton({ session_id, onOpen }: AutoButtonProps) {
  const auto = useAuto(session_id, autoShort);
  if (auto === null) return null;
  return (
    <Button
      tone="ghost"
      className="max-w-full min-w-0 shrink!"
      title={`Automatic checkpoints. ${auto.text}`}
      icon={
        <Timer
          size={14}
          aria-hidden="true"
          className={classNames("shrink-0", auto.trouble && "text-warn")}
        />
      }
      onClick={onOpen}
    >
      <span className="sr-only">Automatic checkpoints: </span>
      <span
        className={classNames(
          "truncate font-normal",
          auto.trouble ? "text-warn" : "@max-md:sr-only",
        )}
      >
        {auto.text}
      </span>
    </Button>
  );
}
