import { useEffect, useState } from "react";

/** Less than this is empty room behind the longest line. */
const room = 32;

/**
 * Where an element that scrolls sideways cuts its lines off: pixels from its right edge to where
 * its scroll bar begins, or null when nothing is cut off there. `content`: look again.
 */
export function useCutOff(element: HTMLElement | null, content: unknown): number | null {
  const [cutOff, setCutOff] = useState<number | null>(null);
  useEffect(() => {
    if (element === null) return undefined;
    const look = () => {
      const { scrollLeft, clientWidth, scrollWidth, offsetWidth } = element;
      const more = scrollWidth - scrollLeft - clientWidth > room;
      setCutOff(more ? offsetWidth - clientWidth : null);
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- its width decides, too
  }, [element, content]);
  return cutOff;
}
