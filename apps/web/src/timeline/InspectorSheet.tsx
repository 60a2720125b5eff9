import { Dialog as Radix } from "radix-ui";
import { useRef } from "react";
import { Inspector } from "../checkpoint/Inspector.tsx";
import { takeEscape } from "../ui/escape.ts";

interface Props {
  session_id: string;
  checkpoint_id: string;
  onClose: () => void;
}

/** The inspector over the timeline, where there is no room beside it. */
export function InspectorSheet({ session_id, checkpoint_id, onClose }: Props) {
  const content = useRef<HTMLDivElement>(null);
  return (
    <Radix.Root
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Radix.Portal>
        {/* Not Radix.Overlay: see ui/Dialog.tsx. */}
        <div className="appears fixed inset-0 z-20 bg-(--overlay)" aria-hidden="true" />
        <Radix.Content
          data-sheet
          {...takeEscape(onClose)}
          aria-describedby={undefined}
          // Not the close button, which comes first: its tooltip would cover the sheet.
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            content.current?.focus();
          }}
          ref={content}
          className="appears fixed inset-y-0 right-0 z-20 flex w-full max-w-2xl flex-col border-l border-line bg-surface text-fg shadow-pop focus:outline-none"
        >
          <Radix.Title className="sr-only">Checkpoint</Radix.Title>
          <Inspector session_id={session_id} checkpoint_id={checkpoint_id} onClose={onClose} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
