/** Work under way. With a label it stands for itself; without, the control around it says so. */
export function Spinner({ label }: { label?: string }) {
  const ring = (
    <svg aria-hidden="true" viewBox="0 0 16 16" className="spins size-3.5 shrink-0">
      <circle
        cx="8"
        cy="8"
        r="6"
        fill="none"
        stroke="currentColor"
        strokeOpacity="0.25"
        strokeWidth="2"
      />
      <path d="M8 2a6 6 0 0 1 6 6" fill="none" stroke="currentColor" strokeWidth="2" />
    </svg>
  );
  if (label === undefined) return ring;
  return (
    <span role="status" className="inline-flex items-center gap-2 text-fg-3">
      {ring}
      {label}
    </span>
  );
}
