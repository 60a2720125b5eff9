import type { Session } from "@cairn/shared/session";
import { useId } from "react";
import { useLiveFacts } from "../state/live-facts.ts";
import { plural } from "../format.ts";
import { CheckRow } from "../ui/CheckRow.tsx";
import { NumberField } from "../ui/NumberField.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { useTicking } from "../ui/now.ts";
import { untilWords } from "./auto-words.ts";
import { ByItself } from "./ByItself.tsx";
import type { FieldsProps } from "./CaptureSettings.tsx";
import { RetentionPreview } from "./RetentionPreview.tsx";
import { rulesOf, type SettingsForm } from "./settings-form.ts";

interface Props extends FieldsProps {
  session: Session;
  nothingKept: boolean;
}

const rows = [
  { field: "keep_recent", label: "The newest", unit: "checkpoints" },
  { field: "keep_hourly", label: "The newest of each of the latest", unit: "hours" },
  { field: "keep_daily", label: "The newest of each of the latest", unit: "days" },
  { field: "keep_weekly", label: "The newest of each of the latest", unit: "weeks" },
] as const satisfies { field: keyof SettingsForm; label: string; unit: string }[];

/** Which checkpoints are kept, tried before it is done, and whether it is done by itself. */
export function RetentionFields({ session, nothingKept, form, problems, onChange }: Props) {
  const rules = rulesOf(form);
  const unitId = useId();
  const { retention_state: state } = useLiveFacts(session.session_id);
  const next = useTicking((now) =>
    state === undefined || state.next_at === null ? null : untilWords(state.next_at, now),
  );
  return (
    <div className="grid gap-3">
      <p className="text-fg-2">
        Compacting puts the checkpoints that no rule names into the trash, where they stay for seven
        days. Your files are not touched.
      </p>
      <fieldset className="grid gap-1">
        <legend className="mb-1 text-xs font-medium text-fg-2">Keep</legend>
        {rows.map(({ field, label, unit }) => (
          <NumberField
            key={field}
            aligned
            label={label}
            unit={unit}
            value={form[field]}
            error={problems[field]}
            onChange={(value) => onChange({ [field]: value })}
          />
        ))}
        <div className="flex flex-wrap items-start gap-2">
          <NumberField
            aligned
            label="All of the last"
            value={form.keep_within}
            error={problems.keep_within}
            onChange={(keep_within) => onChange({ keep_within })}
          />
          <label htmlFor={unitId} className="sr-only">
            Hours or days
          </label>
          <select
            id={unitId}
            className="h-8 rounded-sm border border-line-strong bg-surface px-1 pointer-coarse:h-10"
            value={form.withinUnit}
            onChange={(event) =>
              onChange({ withinUnit: event.target.value === "hours" ? "hours" : "days" })
            }
          >
            <option>hours</option>
            <option>days</option>
          </select>
        </div>
        <CheckRow checked={form.keep_tags} onChange={(keep_tags) => onChange({ keep_tags })}>
          Whatever has a tag
        </CheckRow>
        <p className="text-xs text-fg-3">
          Always kept: where you are, what is pinned or has a critical note, and where lines branch
          or end.
        </p>
      </fieldset>
      <RetentionPreview session={session} rules={rules} />
      <div className="grid gap-1 border-t border-line pt-3">
        <ByItself
          legend="By itself"
          on={form.retentionOn}
          onSwitch={(retentionOn) => onChange({ retentionOn })}
          title="Do this by itself"
          label="Every"
          unit="hours"
          value={form.every_hours}
          error={problems.every_hours}
          onValue={(every_hours) => onChange({ every_hours })}
        />
        {nothingKept && (
          <p role="alert" className="text-xs text-bad">
            These rules keep nothing. Give one of them a number above 0.
          </p>
        )}
        {session.settings.retention !== null && state !== undefined && (
          <p className="text-xs text-fg-3">
            {next !== null && `Next ${next}. `}
            {state.last_at !== null && (
              <>
                Last <RelativeTime time={state.last_at} ago />:{" "}
                {state.last_removed === 0
                  ? "nothing had to go"
                  : `${plural(state.last_removed, "checkpoint")} went`}
                .
              </>
            )}
          </p>
        )}
      </div>
    </div>
  );
}
