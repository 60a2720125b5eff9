import { useLiveFacts } from "../state/live-facts.ts";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { AutoLine } from "./AutoLine.tsx";
import { ByItself } from "./ByItself.tsx";
import type { FieldsProps } from "./CaptureSettings.tsx";

/** When checkpoints are taken by themselves. */
export function AutoFields({
  session_id,
  form,
  problems,
  onChange,
}: FieldsProps & { session_id: string }) {
  const { auto_state } = useLiveFacts(session_id);
  return (
    <div className="grid gap-4">
      <p className="text-fg-2">
        Cairn can take checkpoints by itself. Each is taken only if a file changed, beside your
        work, and can be restored like any other.
      </p>
      <ByItself
        legend="At an interval"
        on={form.everyOn}
        onSwitch={(everyOn) => onChange({ everyOn })}
        title="At an interval, if something changed"
        label="Every"
        unit="minutes"
        value={form.every_minutes}
        error={problems.every_minutes}
        onValue={(every_minutes) => onChange({ every_minutes })}
      />
      <ByItself
        legend="After a quiet period"
        on={form.quietOn}
        onSwitch={(quietOn) => onChange({ quietOn })}
        title="When changes have come to rest"
        label="After"
        unit="seconds without a change"
        value={form.quiet_seconds}
        error={problems.quiet_seconds}
        onValue={(quiet_seconds) => onChange({ quiet_seconds })}
      />
      {auto_state !== undefined && auto_state.status !== "off" && (
        <section aria-label="Now" className="grid gap-1 border-t border-line pt-3">
          <AutoLine session_id={session_id} />
          {auto_state.last_at !== null && (
            <p className="text-xs text-fg-3">
              The last one was taken <RelativeTime time={auto_state.last_at} ago />.
            </p>
          )}
        </section>
      )}
      {(form.everyOn || form.quietOn) && !form.retentionOn && (
        <p className="text-xs text-fg-3">
          So that they do not pile up, Retention can put old ones into the trash by itself.
        </p>
      )}
    </div>
  );
}
