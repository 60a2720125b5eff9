import type { LeftOut } from "@cairn/shared/files";
import { Button } from "../ui/Button.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Field, TextArea } from "../ui/Field.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { ScanSummary, type Scan } from "./ScanSummary.tsx";
import type { PatternTexts } from "./use-scan.ts";

interface PreviewProps {
  scan: Scan | null;
  error: unknown;
  onRetry: () => void;
  onInclude: (left: LeftOut) => void;
}

/** What every checkpoint would hold. */
export function CapturePreview({ scan, error, onRetry, onInclude }: PreviewProps) {
  return (
    <section className="grid gap-1">
      <h3 className="text-xs font-medium text-fg-2">Every checkpoint</h3>
      {scan === null && error === null && <Spinner label="Looking through the folder…" />}
      {error !== null && (
        <ErrorNote error={error} title="The folder could not be looked through" onRetry={onRetry} />
      )}
      {scan !== null && <ScanSummary scan={scan} onInclude={onInclude} />}
    </section>
  );
}

interface PatternFieldsProps {
  texts: PatternTexts;
  onChange: (texts: PatternTexts) => void;
  onCheck: () => void;
  /** Why it cannot be looked up now. */
  reason: string | null;
}

/** What a session ignores beside the folder's own rules, and what it captures all the same. */
export function PatternFields({ texts, onChange, onCheck, reason }: PatternFieldsProps) {
  return (
    <div className="grid gap-3">
      <Field
        label="Ignore"
        hint="Beside .gitignore and .cairnignore. One pattern a line, as in .gitignore."
      >
        {(control) => (
          <TextArea
            {...control}
            mono
            rows={3}
            placeholder="*.log"
            value={texts.ignore}
            onChange={(event) => onChange({ ...texts, ignore: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Include all the same"
        hint="Captured although a rule ignores it, such as a local database."
      >
        {(control) => (
          <TextArea
            {...control}
            mono
            rows={3}
            placeholder="/.env"
            value={texts.include}
            onChange={(event) => onChange({ ...texts, include: event.target.value })}
          />
        )}
      </Field>
      <div>
        <Button onClick={onCheck} reason={reason}>
          Look again
        </Button>
      </div>
    </div>
  );
}
