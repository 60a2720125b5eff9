import { Text } from "../ui/Text.tsx";
import { visibleString } from "../ui/visible.ts";

/** A path on one line: its folder gives way first, its name last. */
export function PathLabel({ path }: { path: string }) {
  const at = path.lastIndexOf("/") + 1;
  const folder = path.slice(0, at);
  const whole = visibleString(path);
  return (
    <span className="datum flex min-w-0 flex-1" title={whole}>
      <span className="sr-only">{whole}</span>
      {folder !== "" && (
        <span className="min-w-0 shrink-[999] truncate text-fg-3" aria-hidden="true">
          <Text value={folder} />
        </span>
      )}
      <span className="min-w-0 shrink truncate" aria-hidden="true">
        <Text value={path.slice(at)} />
      </span>
    </span>
  );
}
