interface InspectorProps {
  session_id: string;
  checkpoint_id: string;
  onClose: () => void;
}

/** Everything known of one checkpoint. */
export function Inspector({ session_id, checkpoint_id, onClose }: InspectorProps) {
  return (
    <section aria-label="Checkpoint" data-session={session_id} data-checkpoint={checkpoint_id}>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </section>
  );
}
