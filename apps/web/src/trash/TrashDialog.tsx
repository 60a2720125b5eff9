interface TrashDialogProps {
  /** Without it, deleted sessions are listed too. */
  session_id?: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What was deleted and can still come back. */
export function TrashDialog({ session_id, open }: TrashDialogProps) {
  return open ? <div role="dialog" aria-label={`Trash ${session_id ?? ""}`} /> : null;
}
