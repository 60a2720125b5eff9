import { caps, type Session } from "@cairn/shared/session";
import { useState } from "react";
import { updateSession } from "../actions.ts";
import { useOffline } from "../state/connection.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Field, Input } from "../ui/Field.tsx";

interface Props {
  session: Session;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Gives a session another name. */
export function RenameDialog({ session, open, onOpenChange }: Props) {
  const offline = useOffline();
  const [name, setName] = useState(session.name);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const rename = async () => {
    if (name.trim() === "" || busy) return;
    setBusy(true);
    setError(null);
    try {
      await updateSession(session.session_id, { name });
      onOpenChange(false);
    } catch (reason) {
      setError(reason);
    }
    setBusy(false);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Rename session"
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button
            tone="primary"
            type="submit"
            form="rename"
            busy={busy}
            reason={offline ?? (name.trim() === "" ? "A session needs a name" : null)}
          >
            Rename
          </Button>
        </>
      }
    >
      <form
        id="rename"
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void rename();
        }}
      >
        <Field label="Name" hint="Only how it is called here. Its folder keeps its own name.">
          {(control) => (
            <Input
              {...control}
              value={name}
              maxLength={caps.name_chars}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {error !== null && <ErrorNote error={error} title="It was not renamed" />}
      </form>
    </Dialog>
  );
}
