import { caps, type Session } from "@cairn/shared/session";
import { Field, Input } from "../ui/Field.tsx";
import { CapturePreview, PatternFields } from "./CaptureFields.tsx";
import { addPattern, patternFor } from "./patterns.ts";
import type { Problems, SettingsForm } from "./settings-form.ts";
import { useScan } from "./use-scan.ts";

export interface FieldsProps {
  form: SettingsForm;
  problems: Problems;
  onChange: (part: Partial<SettingsForm>) => void;
}

interface Props extends FieldsProps {
  session: Session;
  before: SettingsForm;
  /** Why nothing can be looked up now. */
  reason: string | null;
}

/** The name, and what every checkpoint holds. */
export function CaptureSettings({ session, before, reason, form, problems, onChange }: Props) {
  const { scan, error, check } = useScan(session.workspace, before, session.settings.limits);
  return (
    <div className="grid gap-4">
      <Field label="Name" error={problems.name}>
        {(control) => (
          <Input
            {...control}
            value={form.name}
            maxLength={caps.name_chars}
            onChange={(event) => onChange({ name: event.target.value })}
          />
        )}
      </Field>
      {session.workspace !== null && (
        <>
          <PatternFields
            texts={form}
            onChange={({ ignore, include }) => onChange({ ignore, include })}
            onCheck={() => check(form)}
            reason={reason}
          />
          <CapturePreview
            scan={scan}
            error={error}
            onRetry={() => check(form)}
            onInclude={(left) => {
              const include = addPattern(form.include, patternFor(left.path));
              onChange({ include });
              check({ ...form, include });
            }}
          />
          <p className="text-xs text-fg-3">
            It counts from the next checkpoint on. Those that are there stay as they are.
          </p>
        </>
      )}
    </div>
  );
}
