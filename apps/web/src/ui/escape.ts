import type { KeyboardEvent } from "react";

/** Presses of Esc that a notice heard first and leaves to the dialog that has the focus. */
const left = new WeakSet<Event>();

/** For a notice, which lies above every dialog: Esc closes what the person is in, not the notice. */
export function leaveEscape(event: Event): void {
  if (document.activeElement?.closest("[data-takes-escape]") === null) return;
  event.preventDefault();
  left.add(event);
}

/** Props of a dialog that Esc closes also while a notice is shown. */
export function takeEscape(close: () => void) {
  return {
    "data-takes-escape": "",
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      // Keys in a dialog that was opened from this one come here too, by React.
      const isInside = event.target instanceof Node && event.currentTarget.contains(event.target);
      if (isInside && left.has(event.nativeEvent)) close();
    },
  };
}
