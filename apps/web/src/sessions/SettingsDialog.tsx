import type { Session } from "@cairn/shared/session";
import { useId, useMemo, useRef, useState } from "react";
import { updateSession } from "../actions.ts";
import { useOffline } from "../state/connection.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Tabs, type Tab } from "../ui/Tabs.tsx";
import { Text } from "../ui/Text.tsx";
import { AutoFields } from "./AutoFields.tsx";
import { CaptureSettings } from "./CaptureSettings.tsx";
import { LimitFields } from "./LimitFields.tsx";
import { RetentionFields } from "./RetentionFields.tsx";
import { changeOf, formOf, keepsNothing, problemsOf, rulesOf } from "./settings-form.ts";
import type { FieldName, SettingsForm } from "./settings-form.ts";

export type SettingsTab = "capture" | "automatic" | "retention" | "limits";

interface Props {
  session: Session;
  /** The tab to begin with. */
  tab?: SettingsTab | undefined;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

const fieldsOf: Readonly<Record<SettingsTab, readonly FieldName[]>> = {
  capture: ["name"],
  automatic: ["every_minutes", "quiet_seconds"],
  retention: [
    "keep_recent",
    "keep_hourly",
    "keep_daily",
    "keep_weekly",
    "keep_within",
    "every_hours",
  ],
  limits: ["files", "bytes", "file_bytes", "store_bytes"],
};

/** What a session captures, when by itself, what it keeps and how much at most. */
export function SettingsDialog({ session, tab = "capture", open, onOpenChange }: Props) {
  const formId = useId();
  const formRef = useRef<HTMLFormElement>(null);
  const offline = useOffline();
  // As it was when the dialog opened: only what was changed here is sent.
  const [before] = useState(() => formOf(session));
  const [form, setForm] = useState(before);
  const [shown, setShown] = useState<SettingsTab>(tab);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problems = useMemo(() => problemsOf(form), [form]);
  const rules = rulesOf(form);
  const nothingKept = form.retentionOn && rules !== null && keepsNothing(rules);
  const wrong = (id: SettingsTab): boolean =>
    fieldsOf[id].some((field) => problems[field] !== undefined) ||
    (id === "retention" && nothingKept);
  const change = (part: Partial<SettingsForm>) => setForm((now) => ({ ...now, ...part }));
  const first = Object.values(problems)[0];
  const reason =
    offline ??
    problems.name ??
    (nothingKept
      ? "The rules would keep nothing"
      : first === undefined
        ? null
        : "Mend what is marked first");
  const fields = { form, problems, onChange: change };

  const tabs: Tab<SettingsTab>[] = [
    {
      id: "capture",
      title: "Capture",
      marked: wrong("capture"),
      content: <CaptureSettings session={session} before={before} reason={offline} {...fields} />,
    },
    ...(session.workspace === null
      ? []
      : [
          {
            id: "automatic" as const,
            title: "Automatic",
            marked: wrong("automatic"),
            content: <AutoFields session_id={session.session_id} {...fields} />,
          },
        ]),
    {
      id: "retention",
      title: "Retention",
      marked: wrong("retention"),
      content: <RetentionFields session={session} nothingKept={nothingKept} {...fields} />,
    },
    ...(session.workspace === null
      ? []
      : [
          {
            id: "limits" as const,
            title: "Limits",
            marked: wrong("limits"),
            content: <LimitFields {...fields} />,
          },
        ]),
  ];

  const save = async () => {
    if (busy || reason !== null) return;
    setBusy(true);
    setError(null);
    try {
      await updateSession(session.session_id, changeOf(before, form));
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
      initialFocus={() => formRef.current?.querySelector("[role=tabpanel] input") ?? null}
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
        ref={formRef}
        id={formId}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {error !== null && (
          <div className="mb-3">
            <ErrorNote error={error} title="The settings were not saved" />
          </div>
        )}
        <Tabs label="Settings" tabs={tabs} open={shown} onOpen={setShown} />
      </form>
    </Dialog>
  );
}
