import { ArrowUp, Pause, Play } from "lucide-react";
import { commands } from "../commands.ts";
import { formatCount } from "../format.ts";
import { Button } from "../ui/Button.tsx";
import { Tooltip } from "../ui/Tooltip.tsx";

interface Props {
  following: boolean;
  /** Rows that came since it is paused. */
  waiting: number;
  onToggle: () => void;
  onLiveEdge: () => void;
}

/** Whether the list moves with what comes, and how much waits above. */
export function FollowBar({ following, waiting, onToggle, onLiveEdge }: Props) {
  return (
    <>
      <Tooltip
        text={following ? "New checkpoints appear on top. Pause" : "The list stands still. Follow"}
        keys={commands.follow.keys}
      >
        <Button
          aria-pressed={following}
          onClick={onToggle}
          icon={
            following ? (
              <Pause size={13} aria-hidden="true" />
            ) : (
              <Play size={13} aria-hidden="true" />
            )
          }
        >
          <span className="@max-md:sr-only">{following ? "Following" : "Paused"}</span>
        </Button>
      </Tooltip>
      <span role="status">
        {!following && waiting > 0 && (
          <Button
            tone="primary"
            onClick={onLiveEdge}
            icon={<ArrowUp size={13} aria-hidden="true" />}
            keys={commands.live_edge.keys}
          >
            {formatCount(waiting)} new
          </Button>
        )}
      </span>
    </>
  );
}
