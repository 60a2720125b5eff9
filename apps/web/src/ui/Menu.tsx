import { cloneElement, Suspense, useEffect, useRef, useState, type ReactNode } from "react";
import { later } from "./later.ts";
import type { MenuProps } from "./menu-entry.ts";
import { PartBoundary } from "./PartBoundary.tsx";

// A tenth of what a first visit would load, for something that it may never open.
const DropdownMenu = later(() =>
  import("./DropdownMenu.tsx").then((m) => ({ default: m.DropdownMenu })),
);

/** A button in place of a menu that failed: whose focus went with that one goes on here. */
function StandIn({ button }: { button: ReactNode }) {
  const ref = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) ref.current?.querySelector("button")?.focus();
  }, []);
  return (
    <span ref={ref} className="contents">
      {button}
    </span>
  );
}

/** A menu below a button. Until it is first opened there is only the button. */
export function Menu(props: MenuProps) {
  // Whether it is asked for, and how often it was.
  const [{ asked, times }, setState] = useState({ asked: false, times: 0 });
  const ask = () => setState((before) => ({ asked: true, times: before.times + 1 }));
  const button = (isOpening: boolean) =>
    cloneElement(props.trigger, {
      "aria-haspopup": "menu",
      "aria-expanded": isOpening,
      onClick: ask,
      onKeyDown: (event) => {
        if (event.key !== "ArrowDown") return;
        event.preventDefault();
        ask();
      },
    });
  if (!asked) return times === 0 ? button(false) : <StandIn button={button(false)} />;
  return (
    <PartBoundary
      title="The menu could not be opened"
      place="corner"
      about={`${times}`}
      instead={<StandIn button={button(false)} />}
      onClose={() => setState({ asked: false, times })}
    >
      <Suspense fallback={button(true)}>
        <DropdownMenu {...props} />
      </Suspense>
    </PartBoundary>
  );
}
