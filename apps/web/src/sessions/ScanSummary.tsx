import type { LeftOut } from "@cairn/shared/files";
import type { Result } from "@cairn/shared/methods";
import { TriangleAlert } from "lucide-react";
import { formatBytes, plural } from "../format.ts";
import { Button } from "../ui/Button.tsx";
import { Text } from "../ui/Text.tsx";
import { visibleString } from "../ui/visible.ts";

export type Scan = Result<"scan_workspace">;

interface Props {
  scan: Scan;
  /** Adds a pattern that captures this path after all. */
  onInclude: (left: LeftOut) => void;
}

/** What a session on the folder would capture, what it leaves out and why, and what to mind. */
export function ScanSummary({ scan, onInclude }: Props) {
  return (
    <div className="grid gap-2">
      <p>
        Captures <strong className="font-semibold">{plural(scan.files, "file")}</strong>,{" "}
        <span className="datum">{formatBytes(scan.bytes)}</span>
        {scan.left_out.length === 0
          ? ", and leaves nothing out."
          : `, and leaves ${plural(scan.left_out.length, "path")} out.`}
      </p>
      {scan.warnings.map((warning) => (
        <p
          key={`${warning.code} ${warning.message}`}
          className="flex items-start gap-2 rounded-sm bg-warn-soft px-3 py-2 text-fg"
        >
          <TriangleAlert size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-warn" />
          <span className="min-w-0 wrap-anywhere">
            <Text value={warning.message} />
          </span>
        </p>
      ))}
      {scan.left_out.length > 0 && (
        <ul
          aria-label="Left out"
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
          tabIndex={0}
          className="scrolls max-h-56 rounded-sm border border-line bg-surface"
        >
          {scan.left_out.map((left) => (
            <li
              key={left.path_b64 ?? left.path}
              className="flex items-center gap-3 border-b border-line px-2 py-1 last:border-0"
            >
              <span className="min-w-0 flex-1">
                <span className="datum block truncate" title={visibleString(left.path)}>
                  <Text value={left.path} />
                </span>
                <span className="block truncate text-2xs text-fg-3" title={visibleString(left.why)}>
                  <Text value={left.why} />
                </span>
              </span>
              <span className="datum shrink-0 text-fg-3">
                {left.bytes === null ? "" : formatBytes(left.bytes)}
              </span>
              <Button
                onClick={() => onInclude(left)}
                aria-label={`Include ${visibleString(left.path)}`}
              >
                Include
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
