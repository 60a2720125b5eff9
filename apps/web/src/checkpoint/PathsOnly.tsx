import { plural } from "../format.ts";
import { Text } from "../ui/Text.tsx";

const whys = {
  purged: "The parent was deleted for good, so there is nothing to compare with.",
  damaged: "Stored content of it or of its parent is damaged, so the lines cannot be compared.",
} as const;

/** Paths that are known to differ, of so many. */
export interface KnownPaths {
  paths: readonly string[];
  total: number;
}

export type WhyLost = keyof typeof whys;

/** What is left to say when nothing can be compared: the names, without the lines. */
export function PathsOnly({ paths, total, why }: KnownPaths & { why: WhyLost }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <p className="text-fg-2">
        {whys[why]} {plural(total, "file")} differed from the parent:
      </p>
      <ul className="scrolls max-h-72 rounded-sm border border-line bg-surface">
        {paths.map((path) => (
          <li
            key={path}
            className="datum border-b border-line px-2 py-1 wrap-anywhere last:border-b-0"
          >
            <Text value={path} />
          </li>
        ))}
      </ul>
    </div>
  );
}
