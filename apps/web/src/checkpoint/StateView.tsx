import type { State } from "@cairn/shared/checkpoint";
import { Check, Copy } from "lucide-react";
import { useMemo, useState } from "react";
import { JsonView, type Props as JsonViewProps } from "react-json-view-lite";
import { formatBytes } from "../format.ts";
import { Button } from "../ui/Button.tsx";
import { visibleString } from "../ui/visible.ts";

const icon = "inline-block w-4 shrink-0 cursor-pointer select-none text-fg-3 hover:text-fg";

// The library's own style sheet knows no tokens and no system theme.
const style: NonNullable<JsonViewProps["style"]> = {
  container: "datum leading-5",
  basicChildStyle: "pl-3 wrap-anywhere",
  label: "mr-1 text-fg-2",
  clickableLabel: "mr-1 cursor-pointer text-fg-2",
  nullValue: "text-fg-3 italic",
  undefinedValue: "text-fg-3 italic",
  numberValue: "text-fg",
  booleanValue: "text-fg",
  stringValue: "text-fg whitespace-pre-wrap",
  otherValue: "text-fg",
  punctuation: "text-fg-3",
  expandIcon: `${icon} before:content-['▸']`,
  collapseIcon: `${icon} before:content-['▾']`,
  collapsedContent: "cursor-pointer text-fg-3 before:content-['…']",
  childFieldsContainer: "m-0 list-none border-l border-line pl-1 ml-1.5",
  noQuotesForStringValues: false,
  stringifyStringValues: true,
  ariaLables: { collapseJson: "Collapse", expandJson: "Expand" },
};

/** The same value with characters that are not drawn, or reorder text, made visible. */
function visibleState(value: State): State {
  if (typeof value === "string") return visibleString(value);
  if (Array.isArray(value)) return value.map(visibleState);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [visibleString(key), visibleState(inner)]),
  );
}

function expandNode(level: number, value: unknown): boolean {
  const size = typeof value === "object" && value !== null ? Object.keys(value).length : 0;
  return level < 1 || (level < 3 && size <= 20);
}

/** The JSON state of a checkpoint, to fold and to copy. */
export default function StateView({ state }: { state: State }) {
  const shown = useMemo(() => visibleState(state), [state]);
  const json = useMemo(() => JSON.stringify(state, null, 2), [state]);
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(json).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <div className="grid gap-2">
      <div className="scrolls max-h-[60vh] rounded-sm border border-line bg-surface p-2">
        {typeof shown === "object" && shown !== null ? (
          <JsonView data={shown} style={style} shouldExpandNode={expandNode} aria-label="State" />
        ) : (
          <pre className="datum whitespace-pre-wrap wrap-anywhere">{JSON.stringify(shown)}</pre>
        )}
      </div>
      <div className="flex items-center gap-2">
        <Button
          onClick={copy}
          icon={
            copied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />
          }
        >
          {copied ? "Copied" : "Copy JSON"}
        </Button>
        <span className="datum text-fg-3">
          {formatBytes(new TextEncoder().encode(json).length)}
        </span>
      </div>
    </div>
  );
}
