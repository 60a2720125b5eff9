import { Suspense, useEffect, useEffectEvent, useLayoutEffect, type ReactNode } from "react";
import { holdKeys } from "./hold-keys.ts";
import { PartBoundary } from "./PartBoundary.tsx";
import { Spinner } from "./Spinner.tsx";

interface Props {
  onClose: () => void;
  children: ReactNode;
}

/** The place of a dialog that may still be on its way here: keys wait for it, and it fails alone. */
export function LaterDialog({ onClose, children }: Props) {
  return (
    <PartBoundary title="This could not be opened" place="dialog" onClose={onClose}>
      <Suspense fallback={<Opening onClose={onClose} />}>{children}</Suspense>
    </PartBoundary>
  );
}

function Opening({ onClose }: { onClose: () => void }) {
  // Before the next key: the dialog holds them itself as soon as it is there.
  useLayoutEffect(holdKeys, []);
  const cancel = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => cancel(event);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  return (
    <div className="appears-late fixed inset-x-2 top-[8vh] z-40 mx-auto w-fit rounded-md border border-line bg-raised px-4 py-3 shadow-pop">
      <Spinner label="Opening…" />
    </div>
  );
}
