import { useLiveFacts } from "../state/live-facts.ts";
import { CheckRow } from "../ui/CheckRow.tsx";
import { NumberField } from "../ui/NumberField.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { AutoLine } from "./AutoLine.tsx";
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
      <fieldset className="grid gap-1">
        <legend className="sr-only">At an interval</legend>
        <CheckRow checked={form.everyOn} onChange={(everyOn) => onChange({ everyOn })}>
          At an interval, if something changed
        </CheckRow>
        <div className="pl-6">
          <NumberField
            label="Every"
            unit="minutes"
            disabled={!form.everyOn}
            value={form.every_minutes}
            error={problems.every_minutes}
            onChange={(every_minutes) => onChange({ every_minutes })}
          />
        </div>
      </fieldset>
      <fieldset className="grid gap-1">
        <legend className="sr-only">After a quiet period</legend>
        <CheckRow checked={form.quietOn} onChange={(quietOn) => onChange({ quietOn })}>
          When changes have come to rest
        </CheckRow>
        <div className="pl-6">
          <NumberField
            label="After"
            unit="seconds without a change"
            disabled={!form.quietOn}
            value={form.quiet_seconds}
            error={problems.quiet_seconds}
            onChange={(quiet_seconds) => onChange({ quiet_seconds })}
          />
        </div>
      </fieldset>
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
