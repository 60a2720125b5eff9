import { caps, type Session } from "@cairn/shared/session";
import { useId, useState } from "react";
import { updateSession } from "../actions.ts";
import { useOffline } from "../state/connection.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Field, Input } from "../ui/Field.tsx";
import { Text } from "../ui/Text.tsx";
import { CapturePreview, PatternFields } from "./CaptureFields.tsx";
import { addPattern, patternFor, readPatterns } from "./patterns.ts";
import { useScan, type PatternTexts } from "./use-scan.ts";

interface Props {
  session: Session;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Changes a session's name, and what its checkpoints capture from now on. */
export function SettingsDialog({ session, open, onOpenChange }: Props) {
  const formId = useId();
  const offline = useOffline();
  // As it was when the dialog opened: only what was changed here is sent.
  const [before] = useState({
    name: session.name,
    ignore: session.settings.ignore.join("\n"),
    include: session.settings.include.join("\n"),
  });
  const [name, setName] = useState(before.name);
  const [texts, setTexts] = useState<PatternTexts>(before);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const {
    scan,
    error: scanError,
    check,
  } = useScan(session.workspace, before, session.settings.limits);
  const reason = offline ?? (name.trim() === "" ? "A session needs a name" : null);

  const save = async () => {
    if (busy || reason !== null) return;
    setBusy(true);
    setError(null);
    const settings = {
      ...(texts.ignore === before.ignore ? {} : { ignore: readPatterns(texts.ignore) }),
      ...(texts.include === before.include ? {} : { include: readPatterns(texts.include) }),
    };
    try {
      await updateSession(session.session_id, {
        ...(name === before.name ? {} : { name }),
        ...(Object.keys(settings).length === 0 ? {} : { settings }),
      });
      onOpenChange(false);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Session settings"
      description={
        session.workspace === null ? (
          "This session keeps only state, no folder."
        ) : (
          <span className="datum">
            <Text value={session.workspace} />
          </span>
        )
      }
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button tone="primary" type="submit" form={formId} busy={busy} reason={reason}>
            Save settings
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {error !== null && <ErrorNote error={error} title="The settings were not saved" />}
        <Field label="Name">
          {(control) => (
            <Input
              {...control}
              value={name}
              maxLength={caps.name_chars}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {session.workspace !== null && (
          <>
            <PatternFields
              texts={texts}
              onChange={setTexts}
              onCheck={() => check(texts)}
              reason={offline}
            />
            <CapturePreview
              scan={scan}
              error={scanError}
              onRetry={() => check(texts)}
              onInclude={(left) => {
                const more = {
                  ...texts,
                  include: addPattern(texts.include, patternFor(left.path)),
                };
                setTexts(more);
                check(more);
              }}
            />
            <p className="text-xs text-fg-3">
              It counts from the next checkpoint on. Those that are there stay as they are.
            </p>
          </>
        )}
      </form>
    </Dialog>
  );
}
