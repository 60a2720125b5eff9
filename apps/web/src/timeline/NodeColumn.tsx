import { classNames } from "../ui/class-names.ts";
import type { Edge, NodeShape } from "./row-facts.ts";

interface Props {
  shape: NodeShape;
  /** The workspace stands here. */
  head: boolean;
  above: Edge;
  below: Edge;
}

const height = 36;
const middle = height / 2;
/** Where the first lane runs; further lanes stand to its right. */
const x = 14;

function Line({ edge, from, to }: { edge: Edge; from: number; to: number }) {
  if (edge === "none") return null;
  return (
    <line
      x1={x}
      x2={x}
      y1={from}
      y2={to}
      strokeWidth="2"
      stroke="currentColor"
      {...(edge === "dotted" ? { strokeDasharray: "2 4", strokeOpacity: 0.7 } : {})}
    />
  );
}

function Shape({ shape }: { shape: NodeShape }) {
  const outline = { className: "fill-(--surface) stroke-current", strokeWidth: 2 };
  switch (shape) {
    case "manual":
      return <circle cx={x} cy={middle} r="5" {...outline} />;
    case "automatic":
      return <circle cx={x} cy={middle} r="4.5" fill="currentColor" />;
    case "scheduled":
      return <rect x={x - 4} y={middle - 4} width="8" height="8" {...outline} />;
    case "safety":
      return <path d={`M${x} ${middle - 6}l6 6-6 6-6-6z`} {...outline} />;
    default:
      return shape satisfies never;
  }
}

/** The lanes at one row: the node, whose shape is the trigger, and the edges through it. */
export function NodeColumn({ shape, head, above, below }: Props) {
  return (
    <svg
      aria-hidden="true"
      width="30"
      height={height}
      viewBox={`0 0 30 ${height}`}
      className={classNames("shrink-0 text-(--lane-1) forced-colors:text-[CanvasText]")}
    >
      <Line edge={above} from={0} to={middle} />
      <Line edge={below} from={middle} to={height} />
      {head && (
        <circle
          cx={x}
          cy={middle}
          r="9.5"
          className="fill-(--accent-soft) stroke-(--accent)"
          strokeWidth="1.5"
        />
      )}
      <Shape shape={shape} />
    </svg>
  );
}
