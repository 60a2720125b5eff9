import { caps } from "@cairn/shared/session";
import { useId, useState } from "react";
import { useNavigate } from "react-router";
import { createSession } from "../actions.ts";
import { folderName } from "../format.ts";
import { useOffline } from "../state/connection.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { toFailure } from "../ui/error.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Field, Input } from "../ui/Field.tsx";
import { Text } from "../ui/Text.tsx";
import { CapturePreview, PatternFields } from "./CaptureFields.tsx";
import { FolderPicker } from "./FolderPicker.tsx";
import { addPattern, patternFor, readPatterns } from "./patterns.ts";
import { useScan, type PatternTexts } from "./use-scan.ts";

interface Props {
  /** A folder to begin with, or null for the home folder. */
  path: string | null;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Two steps: choose a folder, then see what is captured, name it and create. */
export function CreateSessionDialog({ path, open, onOpenChange }: Props) {
  const [start, setStart] = useState(path);
  const [folder, setFolder] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  if (chosen !== null) {
    return (
      <Confirm
        folder={chosen}
        open={open}
        onOpenChange={onOpenChange}
        onBack={() => {
          setStart(chosen);
          setChosen(null);
        }}
      />
    );
  }
  const next = () => setChosen(folder);
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New session: choose its folder"
      description="The folder that is open below is the one that will be captured."
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button
            tone="primary"
            onClick={next}
            reason={folder === null ? "Open a folder first" : null}
          >
            Next
          </Button>
        </>
      }
    >
      <FolderPicker start={start} onChange={setFolder} onSubmit={next} />
    </Dialog>
  );
}

interface ConfirmProps {
  folder: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onBack: () => void;
}

function Confirm({ folder, open, onOpenChange, onBack }: ConfirmProps) {
  const formId = useId();
  const navigate = useNavigate();
  const offline = useOffline();
  const [name, setName] = useState(folderName(folder));
  const [texts, setTexts] = useState<PatternTexts>({ ignore: "", include: "" });
  const [advanced, setAdvanced] = useState(false);
  const { scan, error: scanError, check } = useScan(folder, texts);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const create = async () => {
    if (busy || offline !== null || name.trim() === "") return;
    setBusy(true);
    setError(null);
    try {
      const settings = { ignore: readPatterns(texts.ignore), include: readPatterns(texts.include) };
      const { session_id } = await createSession({ name, workspace: folder, settings });
      onOpenChange(false);
      void navigate(`/s/${session_id}`);
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New session: what it captures"
      description={
        <span className="datum">
          <Text value={folder} />
        </span>
      }
      footer={
        <>
          <Button onClick={onBack}>Back</Button>
          <Button
            tone="primary"
            type="submit"
            form={formId}
            busy={busy}
            reason={offline ?? (name.trim() === "" ? "A session needs a name" : null)}
          >
            Create session
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        {error !== null && (
          <ErrorNote
            error={error}
            title="The session was not created"
            actions={<OpenOther error={error} />}
          />
        )}
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
        <CapturePreview
          scan={scan}
          error={scanError}
          onRetry={() => check(texts)}
          onInclude={(left) => {
            const more = { ...texts, include: addPattern(texts.include, patternFor(left.path)) };
            setTexts(more);
            setAdvanced(true);
            check(more);
          }}
        />
        <details open={advanced} onToggle={(event) => setAdvanced(event.currentTarget.open)}>
          <summary className="w-fit rounded-sm text-fg-2">
            Advanced: what to ignore or include
          </summary>
          <div className="mt-2">
            <PatternFields
              texts={texts}
              onChange={setTexts}
              onCheck={() => check(texts)}
              reason={offline}
            />
          </div>
        </details>
      </form>
    </Dialog>
  );
}

/** When another open session has this folder, the way to it. */
function OpenOther({ error }: { error: unknown }) {
  const navigate = useNavigate();
  const { code, details } = toFailure(error);
  const { session_id, name } = details;
  if (code !== "workspace_overlaps" || typeof session_id !== "string") return null;
  return (
    <Button onClick={() => void navigate(`/s/${session_id}`)}>
      Open {typeof name === "string" ? <Text value={name} /> : "that session"}
    </Button>
  );
}
