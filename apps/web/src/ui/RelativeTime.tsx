import { useSyncExternalStore } from "react";
import { formatAge, formatTime } from "../format.ts";
import { onTick } from "./now.ts";

/** Age such as `3m`, kept true; draws again only when its words change. */
export function RelativeTime({ time, ago = false }: { time: string; ago?: boolean }) {
  const age = useSyncExternalStore(onTick, () => formatAge(time, Date.now()));
  return (
    <time dateTime={time} title={formatTime(time)}>
      {ago && age !== "now" ? `${age} ago` : age}
    </time>
  );
}
