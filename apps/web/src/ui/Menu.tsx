import { cloneElement, Suspense, useState } from "react";
import { later } from "./later.ts";
import type { MenuProps } from "./menu-entry.ts";
import { PartBoundary } from "./PartBoundary.tsx";

// A tenth of what a first visit would load, for something that it may never open.
const DropdownMenu = later(() =>
  import("./DropdownMenu.tsx").then((m) => ({ default: m.DropdownMenu })),
);

/** A menu below a button. Until it is first opened there is only the button. */
export function Menu(props: MenuProps) {
  const [asked, setAsked] = useState(false);
  const button = cloneElement(props.trigger, {
    "aria-haspopup": "menu",
    "aria-expanded": asked,
    onClick: () => setAsked(true),
    onKeyDown: (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      setAsked(true);
    },
  });
  if (!asked) return button;
  return (
    <PartBoundary
      title="The menu could not be opened"
      place="corner"
      onClose={() => setAsked(false)}
    >
      <Suspense fallback={button}>
        <DropdownMenu {...props} />
      </Suspense>
    </PartBoundary>
  );
}
