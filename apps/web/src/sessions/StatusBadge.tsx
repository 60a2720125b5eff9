import type { Session } from "@cairn/shared/session";
import { Badge } from "../ui/Badge.tsx";
import { statusWord } from "./order.ts";

const tones = { open: "good", closed: "neutral", recovery_pending: "warn" } as const;

const meanings = {
  open: "Checkpoints can be created and restored",
  closed: "Read-only until it is opened again",
  recovery_pending: "A restore was cut off, and its folder cannot be reached to finish it",
} as const;

/** Open, closed or recovering. */
export function StatusBadge({ session }: { session: Session }) {
  return (
    <Badge tone={tones[session.status]} title={meanings[session.status]}>
      {statusWord(session)}
    </Badge>
  );
}
