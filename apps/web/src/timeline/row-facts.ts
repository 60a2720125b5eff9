import type { CheckpointSummary } from "@cairn/shared/checkpoint";

export type NodeShape = "manual" | "automatic" | "scheduled" | "safety";

/** How a checkpoint came about, as its node's shape. */
export function nodeShape({ trigger }: CheckpointSummary): NodeShape {
  return trigger.reason === "before_restore" ? "safety" : trigger.kind;
}

const shapeWords: Record<NodeShape, string> = {
  manual: "manual",
  automatic: "automatic",
  scheduled: "scheduled",
  safety: "safety checkpoint, taken before a restore",
};

/** The trigger in words: `automatic, tool call`. */
export function triggerWords(row: CheckpointSummary): string {
  const shape = nodeShape(row);
  const { reason } = row.trigger;
  if (shape === "safety" || reason === undefined) return shapeWords[shape];
  return `${shapeWords[shape]}, ${reason.replaceAll("_", " ")}`;
}

/** `solid`: the row below is the parent. `dotted`: the parent stands elsewhere. */
export type Edge = "none" | "solid" | "dotted";

/** The edge from a row to the one below it. */
export function edgeBetween(
  upper: CheckpointSummary | undefined,
  lower: CheckpointSummary | undefined,
  more: boolean,
): Edge {
  if (upper === undefined) return "none";
  const parent = upper.shown_parent_id === undefined ? upper.parent_id : upper.shown_parent_id;
  if (lower === undefined) return more && parent !== null ? "solid" : "none";
  return parent === lower.checkpoint_id ? "solid" : "dotted";
}
