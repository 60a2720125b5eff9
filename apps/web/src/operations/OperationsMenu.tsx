interface OperationsMenuProps {
  session_id: string;
}

/** Undo, redo and the history of operations of a session. */
export function OperationsMenu({ session_id }: OperationsMenuProps) {
  return <div data-session={session_id} />;
}
