import { LockOpen } from "lucide-react";
import { useSyncExternalStore } from "react";
import { useConnection } from "../state/connection.ts";
import { formatCount } from "../format.ts";
import { useResynced } from "../state/resync.ts";
import { Badge, type BadgeTone } from "./Badge.tsx";
import { classNames } from "./class-names.ts";
import { onTick } from "./now.ts";

function useSecondsUntil(at: number | null): number | null {
  return useSyncExternalStore(onTick, () =>
    at === null ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000)),
  );
}

const titles: Readonly<Record<string, string>> = {
  catching_up: "What happened meanwhile is coming in",
  resynced: "The server no longer had everything that was missed here, so it was all loaded anew",
};

const looks = {
  connecting: { tone: "neutral", word: "connecting", dot: "border border-current" },
  catching_up: { tone: "warn", word: "catching up", dot: "border border-current" },
  live: { tone: "good", word: "live", dot: "bg-current" },
  offline: { tone: "warn", word: "offline", dot: "border border-current" },
  resynced: { tone: "accent", word: "resynced", dot: "bg-current" },
  refused: { tone: "bad", word: "not signed in", dot: "border border-current" },
  closed: { tone: "warn", word: "closed", dot: "border border-current" },
} as const satisfies Record<string, { tone: BadgeTone; word: string; dot: string }>;

/** The connection as it is: its state in a word, and what goes with it. */
export function ConnectionPill() {
  const connection = useConnection((state) => state.connection);
  const auth = useConnection((state) => state.auth);
  const seconds = useSecondsUntil(connection.status === "offline" ? connection.retryAt : null);
  const resynced = useResynced();
  const shown = connection.status === "live" && resynced ? "resynced" : connection.status;
  const look = looks[shown];
  const measured = useConnection((state) => state.rttMs);
  const rtt = shown === "live" ? measured : null;
  return (
    <span className="inline-flex shrink-0 items-center gap-1.5">
      <Badge tone={look.tone} title={titles[shown] ?? "The connection to the server"}>
        <span aria-hidden="true" className={classNames("size-2 rounded-full", look.dot)} />
        <span role="status">{look.word}</span>
        {connection.status === "catching_up" && connection.total > 0 && (
          <span className="datum text-2xs">
            {formatCount(connection.done)} of {formatCount(connection.total)}
          </span>
        )}
        {rtt !== null && (
          <span className="datum text-2xs max-sm:hidden">{Math.max(1, Math.round(rtt))} ms</span>
        )}
        {seconds !== null && (
          <span>
            · retry in <span className="datum text-2xs">{seconds} s</span>
          </span>
        )}
      </Badge>
      {auth === "off" && (
        <Badge tone="warn" title="--auth off: every program on this machine can use this server">
          <LockOpen size={11} aria-hidden="true" className="shrink-0" />
          <span className="max-sm:sr-only">auth off</span>
        </Badge>
      )}
    </span>
  );
}
